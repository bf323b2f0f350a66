-- The commands of one auction: read from the arguments, decided in order, answered.

local UNREADABLE = { kind = 'unreadable', user = '', key = '' }

local commands = {}
local users = {} -- each once
local answer_fields = {} -- `user:key` of the commands that have a key, and `user:` of their users
local known_answers = {} -- by `user:key`: those on record, and those given earlier in this call
local new_answers = {} -- HSET arguments
-- By `user:`, each `<tab>key<tab>fingerprint|CODE|body<line feed>`, the newest first.
local refusals = {}
local changed_refusals = {} -- `user:` of those that this call adds to
local displaced, displaced_order = {}, {} -- leaders this call has beaten

-- The gateway checks everything at its edge. A command that cannot be read all the same is refused
-- alone, whatever is wrong with it: its neighbours in the call must not notice. So all that a
-- decision relies on is checked here, before anything is decided.
local COMMAND_FORM = '^(%l+)|([%w_-]*)|(a?)|([%w_-]*)|(%d*)|(%d*)|(%x*)|([%w:_-]*)|([!-~]*)$'
local MAX_ID, MAX_KEY = 64, 128 -- characters
local WRITES = { bid = true, buy = true, cancel = true, extend = true, create = true }
local READS = { read = true, me = true }

local function is_offer(amount, maximum)
  return (amount == 0) ~= (maximum == 0) and amount <= MAX_AMOUNT and maximum <= MAX_AMOUNT
end

-- Whether the numbers of a command are what its kind needs.
local function numbers_fit(kind, amount, maximum)
  if kind == 'bid' then return is_offer(amount, maximum) end
  if kind == 'extend' then return is_time(amount) and maximum == 0 end
  return amount == 0 and maximum == 0
end

-- A command from its packed form, or nil.
local function read_command(text, asked)
  local kind, user, role, bid_id, amount, maximum, salt, fingerprint, key =
    string.match(text, COMMAND_FORM)
  if not kind or #user > MAX_ID or #fingerprint > MAX_ID or #key > MAX_KEY or #amount > 15
    or #maximum > 15 then return nil end
  amount, maximum = tonumber(amount) or 0, tonumber(maximum) or 0
  if not numbers_fit(kind, amount, maximum) then return nil end
  if WRITES[kind] then
    if user == '' or bid_id == '' or #salt ~= 32 then return nil end
    if kind == 'create' and not creation_of(asked) then return nil end
  elseif not READS[kind] or (kind == 'me' and user == '') then
    return nil
  end
  return {
    kind = kind, user = user, admin = role == 'a', bid_id = bid_id, amount = amount,
    maximum = maximum, salt = salt, fingerprint = fingerprint, key = key,
  }
end

local function read_commands(asked)
  commands, users, answer_fields = {}, {}, {}
  known_answers, new_answers, refusals, changed_refusals = {}, {}, {}, {}
  displaced, displaced_order = {}, {}
  local seen_users = {}
  for i = asked.first_command, asked.first_command + asked.command_count - 1 do
    local command = read_command(ARGV[i], asked) or UNREADABLE
    local user, key = command.user, command.key
    commands[#commands + 1] = command
    if user ~= '' and not seen_users[user] then
      seen_users[user] = true
      users[#users + 1] = user
    end
    if key ~= '' then
      command.field = user .. ':' .. key
      answer_fields[#answer_fields + 1] = command.field
      command.refusals = user .. ':'
      if not refusals[command.refusals] then
        refusals[command.refusals] = ''
        answer_fields[#answer_fields + 1] = command.refusals
      end
    end
  end
end

local function load_answers(key)
  if #answer_fields == 0 then return end
  for i, record in ipairs(redis.call('HMGET', key, unpack(answer_fields))) do
    local field = answer_fields[i]
    if record and refusals[field] then refusals[field] = record
    elseif record then known_answers[field] = record end
  end
end

-- A retry comes within seconds, and who sends hopeless commands for ever must not fill Redis: of
-- each user's refusals in an auction the newest are kept, so many bytes of them.
local MAX_REFUSAL_BYTES = 2048

local function keep_refusal(command, record)
  local kept = '\t' .. command.key .. '\t' .. record .. '\n' .. refusals[command.refusals]
  if #kept > MAX_REFUSAL_BYTES then
    kept = string.match(string.sub(kept, 1, MAX_REFUSAL_BYTES), '^.*\n')
  end
  refusals[command.refusals] = kept
  changed_refusals[command.refusals] = true
end

-- `fingerprint|CODE|body` of the first answer under the command's key, or nil.
local function known_answer(command)
  if not command.field then return nil end
  if known_answers[command.field] then return known_answers[command.field] end
  local _, before = string.find(refusals[command.refusals], '\t' .. command.key .. '\t', 1, true)
  return before and string.match(refusals[command.refusals], '^[^\n]*', before + 1)
end

local function bid_receipt(command)
  local result = auction.leader == command.user and 'leading' or 'outbid'
  return command.bid_id .. '|' .. digits(auction.epoch) .. '|' .. digits(auction.seq) .. '|'
    .. result .. '|' .. digits(bidders[command.user].alias) .. '|' .. digits(auction.price) .. '|'
    .. minimum_text('') .. '|' .. digits(auction.endsAt) .. '|' .. digits(now)
end

local function auction_receipt()
  return digits(auction.epoch) .. '|' .. digits(auction.seq) .. '|' .. digits(now) .. '|'
    .. state_json()
end

local function own_receipt(user)
  local bidder = bidders[user]
  if not bidder then return '|0|0|0' end
  local leading = auction.leader == user
  return digits(bidder.alias) .. '|' .. (leading and '1' or '0') .. '|'
    .. digits(bidder.maximum) .. '|' .. digits(bidder.bids)
end

-- Answers one command with a code and a body, and what the answer depends on is in the auction
-- afterwards. `asked` is the auction's part of the call, see decide.lua.
local function decide(command, asked)
  local kind = command.kind
  local code
  if kind == 'create' then
    if auction then return 'OK', auction_receipt() end
    local terms = creation_of(asked)
    local busy = redis.call('HEXISTS', asked.busy_items_key, terms.item.id) == 1
    if not has_room() then return 'NO_ROOM', '' end
    code = create(command, asked, terms, busy)
    if code then return code, '' end
    start_and_end_on_time()
    return 'OK', auction_receipt()
  end
  if not auction then return 'AUCTION_NOT_FOUND', '' end
  if kind == 'read' then return 'OK', auction_receipt() end
  if kind == 'me' then return 'OK', own_receipt(command.user) end
  if kind == 'cancel' or kind == 'extend' then
    code = kind == 'cancel' and cancel(command) or kind == 'extend' and extend(command) or nil
    if code then return code, '' end
    return 'OK', auction_receipt()
  end
  local leader_before = auction.leader
  if kind == 'buy' then code = buy_now(command) else code = place_bid(command) end
  if code == 'BID_TOO_LOW' then return code, minimum_text('') end
  if code then return code, '' end
  if leader_before ~= '' and leader_before ~= auction.leader and not displaced[leader_before] then
    displaced[leader_before] = true
    displaced_order[#displaced_order + 1] = leader_before
  end
  return 'OK', bid_receipt(command)
end

-- The answer to a command; one that is to be kept goes to `new_answers`.
local function answer_to(command, asked)
  local kind = command.kind
  if command == UNREADABLE then return '+UNREADABLE|' end
  local known = known_answer(command)
  if known then
    local fingerprint, answer = string.match(known, '^([^|]*)|(.*)$')
    return fingerprint == command.fingerprint and '=' .. answer or '+IDEMPOTENCY_MISMATCH|'
  end
  local code, body = decide(command, asked)
  local answer = code .. '|' .. body
  if kind == 'read' or kind == 'me' or not auction then return '+' .. answer end
  local record = command.fingerprint .. '|' .. answer
  if code == 'OK' then
    local field = command.field or command.user .. ':' .. command.bid_id
    known_answers[field] = record
    new_answers[#new_answers + 1] = field
    new_answers[#new_answers + 1] = record
  elseif command.field then
    keep_refusal(command, record)
  end
  return '+' .. answer
end

-- Only answers about the auction as a whole come with its public terms.
local function wants_terms()
  for _, command in ipairs(commands) do
    local kind = command.kind
    if kind ~= 'bid' and kind ~= 'buy' and kind ~= 'me' and command ~= UNREADABLE then
      return true
    end
  end
  return false
end
