-- Decides a batch of commands for one auction, in order, all at one instant of Redis's clock.
-- One log entry, one publish, one write of the state, however many commands.
--
-- KEYS   1 shard is whole        2 auction hash        3 log stream        4 bidders hash
--        5 answers hash          6 scheduled zset      7 live zset         8 ended zset
--        9 cancelled zset       10 busy items hash    11 behind zset      12 item (create only)
-- ARGV   1 auction id            2 live channel        3 notices channel   4 due channel
--        5 salt of the call (32 hex digits, for timed events)
--        6 creation JSON or ''   7 public terms, open  8 item JSON
--        9… commands: kind|user|a (admin) or empty|bid id|amount|maximum|salt|fingerprint|key
--           kinds: bid, buy, cancel, extend, create, read, me
--        last, only when a bid of the call is sampled: trace|traces channel|traceparent
-- Reply  {'UNAVAILABLE'} when the shard's data is not whole, else
--        {'OK', now ms, epoch, last seq, entry lines or '', first seq of the entry or '',
--         'status|minimum bid|ends at|leader|seller' or '', public terms or '', answers…}
-- Answer '+CODE|body' decided now, '=CODE|body' replayed; CODE is OK or a refusal; body is the
--        minimum bid for BID_TOO_LOW, else the receipt, see below.
-- Receipts  bid, buy:  bidId|epoch|seq|leading or outbid|alias|price|minimum bid|ends at|at (ms)
--           read, create, cancel, extend:  epoch|seq|at (ms)|public state JSON
--           me:  alias or ''|leading 0 or 1|maximum|bids
-- Everything is decided before the first write: a script that fails half-way keeps its writes.

if redis.call('EXISTS', KEYS[1]) == 0 then return { 'UNAVAILABLE' } end

local ARG_COMMANDS = 9
local auction_id = ARGV[1]
salt_of_call = ARGV[5]

local time = redis.call('TIME')
now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

local last_command = #ARGV
local traces_channel, trace = string.match(ARGV[last_command], '^trace|([^|]+)|(.+)$')
if trace then last_command = last_command - 1 end

local commands = {}
local users, seen_users = {}, {}
local answer_fields = {}
for i = ARG_COMMANDS, last_command do
  local kind, user, role, bid_id, amount, maximum, salt, fingerprint, key = string.match(ARGV[i],
    '^(%l+)|([^|]*)|(a?)|([^|]*)|(%d*)|(%d*)|(%x*)|([^|]*)|(.*)$')
  local command = {
    kind = kind, user = user, admin = role == 'a', bid_id = bid_id,
    amount = tonumber(amount) or 0, maximum = tonumber(maximum) or 0,
    salt = salt, fingerprint = fingerprint, key = key,
  }
  commands[#commands + 1] = command
  if user ~= '' and not seen_users[user] then
    seen_users[user] = true
    users[#users + 1] = user
  end
  if key ~= '' then
    command.field = user .. ':' .. key
    answer_fields[#answer_fields + 1] = command.field
  end
end

load_auction(KEYS[2])
if auction then
  auction.id = auction_id
  now = math.max(now, auction.lastAt)
end
local existed = auction ~= nil
local before = existed and {
  status = auction.status, endsAt = auction.endsAt, seq = auction.seq, leader = auction.leader,
  epoch = auction.epoch,
  caught_up = auction.archivedEpoch == auction.epoch and auction.archivedSeq == auction.seq,
} or { status = '', endsAt = 0, seq = 0, leader = '', epoch = 0, caught_up = true }

if existed and #users > 0 then
  local records = redis.call('HMGET', KEYS[4], unpack(users))
  for i, record in ipairs(records) do
    if record then
      local alias, bids, maximum = string.match(record, '^(%d+)|(%d+)|(%d+)$')
      bidders[users[i]] = {
        alias = tonumber(alias), bids = tonumber(bids), maximum = tonumber(maximum),
      }
    end
  end
end

-- First answers by `user:key`: those on record, and those given earlier in this batch.
local known_answers = {}
if #answer_fields > 0 then
  local records = redis.call('HMGET', KEYS[5], unpack(answer_fields))
  for i, record in ipairs(records) do
    if record then known_answers[answer_fields[i]] = record end
  end
end
local new_answers = {} -- HSET arguments
local displaced = {} -- leaders this call has beaten
local displaced_order = {}

if existed then
  start_epoch_if_redis_restarted(run_id)
  start_and_end_on_time()
end

local function bid_receipt(command)
  local result = auction.leader == command.user and 'leading' or 'outbid'
  return command.bid_id .. '|' .. digits(auction.epoch) .. '|' .. digits(auction.seq) .. '|'
    .. result .. '|' .. digits(bidders[command.user].alias) .. '|' .. digits(auction.price) .. '|'
    .. digits(minimum_bid()) .. '|' .. digits(auction.endsAt) .. '|' .. digits(now)
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

-- Answers one command with a code and a body, and what the answer depends on is in the auction afterwards.
local function decide(command)
  local kind = command.kind
  local code
  if kind == 'create' then
    if auction then return 'OK', auction_receipt() end
    local busy = redis.call('HEXISTS', KEYS[10], cjson.decode(ARGV[6]).item.id) == 1
    code = create(command, auction_id, ARGV[6], ARGV[7], busy, run_id)
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
  if code == 'BID_TOO_LOW' then return code, digits(minimum_bid()) end
  if code then return code, '' end
  if leader_before ~= '' and leader_before ~= auction.leader and not displaced[leader_before] then
    displaced[leader_before] = true
    displaced_order[#displaced_order + 1] = leader_before
  end
  return 'OK', bid_receipt(command)
end

local answers = {}
local wants_terms = false
for i, command in ipairs(commands) do
  local kind = command.kind
  wants_terms = wants_terms or (kind ~= 'bid' and kind ~= 'buy' and kind ~= 'me')
  local known = command.field and known_answers[command.field]
  if known then
    local fingerprint, answer = string.match(known, '^([^|]*)|(.*)$')
    answers[i] = fingerprint == command.fingerprint and '=' .. answer
      or '+IDEMPOTENCY_MISMATCH|'
  else
    local code, body = decide(command)
    local answer = code .. '|' .. body
    answers[i] = '+' .. answer
    local found = auction ~= nil or kind == 'create'
    if kind ~= 'read' and kind ~= 'me' and found and (command.field or code == 'OK') then
      local field = command.field or command.user .. ':' .. command.bid_id
      local record = command.fingerprint .. '|' .. answer
      known_answers[field] = record
      new_answers[#new_answers + 1] = field
      new_answers[#new_answers + 1] = record
    end
  end
end

-- From here on only writes.

local ANSWERS_OF_NO_AUCTION_SECONDS = 25 * 60 * 60
if #new_answers > 0 then
  redis.call('HSET', KEYS[5], unpack(new_answers))
  if not auction then redis.call('EXPIRE', KEYS[5], ANSWERS_OF_NO_AUCTION_SECONDS) end
end

local head = ''
local entry = ''
local first_seq = ''
if auction then
  head = auction.status .. '|' .. digits(minimum_bid()) .. '|' .. digits(auction.endsAt) .. '|'
    .. auction.leader .. '|' .. auction.sellerId
  if not existed then
    local constant = { 'archivedEpoch', '0', 'archivedSeq', '0',
      'publishedSeq', '0' }
    for _, name in ipairs({ 'itemId', 'sellerId', 'increments', 'terms', 'startPrice',
      'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt', 'startsAt' }) do
      constant[#constant + 1] = name
      constant[#constant + 1] = as_text(auction[name])
    end
    redis.call('HSET', KEYS[2], unpack(constant))
    redis.call('HSET', KEYS[10], auction.itemId, auction_id)
    redis.call('PERSIST', KEYS[5])
    redis.call('PERSIST', KEYS[12]) -- it was to go some time after an earlier auction of it
    if ARGV[8] ~= '' then
      redis.call('HSET', KEYS[12], 'json', ARGV[8], 'sellerId', auction.sellerId)
    end
  end
end

if #lines > 0 then
  entry = table.concat(lines, '\n')
  first_seq = digits(auction.seq - #lines + 1)
  auction.lastAt = now
  local state = state_json()
  local changes = { 'state', state }
  for _, name in ipairs(CHANGING_FIELDS) do
    changes[#changes + 1] = name
    changes[#changes + 1] = as_text(auction[name])
  end
  redis.call('HSET', KEYS[2], unpack(changes))
  redis.call('XADD', KEYS[3], digits(auction.seq) .. '-0', 'epoch', digits(auction.epoch),
    'events', entry)
  if #changed_bidders > 0 then redis.call('HSET', KEYS[4], unpack(changed_bidders)) end

  -- The keeper looks after an auction whose archive lags, a second from now at the earliest.
  if before.caught_up then redis.call('ZADD', KEYS[11], 'NX', digits(now + 1000), auction_id) end

  local index = { scheduled = KEYS[6], live = KEYS[7], ended = KEYS[8], cancelled = KEYS[9] }
  -- A rebuilt auction is listed as due at once, so that its new epoch begins: that sets it right.
  if auction.status ~= before.status or auction.endsAt ~= before.endsAt
    or auction.epoch ~= before.epoch then
    if before.status ~= '' and before.status ~= auction.status then
      redis.call('ZREM', index[before.status], auction_id)
    end
    local open = auction.status == 'scheduled' or auction.status == 'live'
    local due = auction.status == 'scheduled' and auction.startsAt or auction.endsAt
    redis.call('ZADD', index[auction.status], digits(open and due or now), auction_id)
    if open then
      redis.call('SPUBLISH', ARGV[4], auction_id .. ' ' .. digits(due))
    else
      redis.call('HDEL', KEYS[10], auction.itemId)
    end
  end

  if trace then
    -- Only a hint: where it may not be sent, nothing else must fail.
    redis.pcall('SPUBLISH', traces_channel, auction_id .. ' ' .. digits(auction.epoch) .. ' '
      .. digits(auction.seq) .. ' ' .. trace)
  end
  redis.call('SPUBLISH', ARGV[2], '{"auctionId":"' .. auction_id
    .. '","epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"events":[' .. table.concat(public_events, ',') .. '],"state":' .. state
    .. ',"serverTime":"' .. iso_of(now) .. '"}')

  local notices = {}
  for _, user in ipairs(displaced_order) do
    if user ~= auction.leader then
      notices[#notices + 1] = '{"type":"outbid","userId":"' .. user .. '","auctionId":"'
        .. auction_id .. '","price":' .. digits(auction.price) .. ',"minimumBid":'
        .. digits(minimum_bid()) .. '}'
    end
  end
  if auction.outcome == 'sold' and before.status ~= 'ended' then
    notices[#notices + 1] = '{"type":"won","userId":"' .. auction.leader .. '","auctionId":"'
      .. auction_id .. '","price":' .. digits(auction.price) .. '}'
  end
  if #notices > 0 then
    redis.call('SPUBLISH', ARGV[3], '[' .. table.concat(notices, ',') .. ']')
  end
end

return { 'OK', digits(now), auction and digits(auction.epoch) or '0',
  auction and digits(auction.seq) or '0', entry, first_seq, head,
  wants_terms and auction and auction.terms or '', unpack(answers) }
