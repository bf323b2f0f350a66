-- The commands of one auction: read from their packed form, decided in order, answered.

local commands = {}

-- The gateway checks everything at its edge. A command that cannot be read all the same is refused
-- alone, whatever is wrong with it: its neighbours in the call must not notice. So all that a
-- decision relies on is checked here, before anything is decided.

-- Whether the numbers of a command are what its kind needs.
function commands.numbers_fit(kind, amount, maximum)
  if kind == 'bid' then
    return (amount == 0) ~= (maximum == 0) and amount <= MAX_AMOUNT and maximum <= MAX_AMOUNT
  end
  if kind == 'extend' then return selling.is_time(amount) and maximum == 0 end
  return amount == 0 and maximum == 0
end

-- Whether a command of this kind can be decided as it is.
function commands.is_readable(asked, kind, user, bid_id, amount, maximum, salt, fingerprint, key)
  if #user > 64 or #fingerprint > 64 or #key > 128 or not amount or not maximum
    or not commands.numbers_fit(kind, amount, maximum) then return false end
  if kind == 'read' then return true end
  if kind == 'me' then return user ~= '' end
  if user == '' or bid_id == '' or #salt ~= 32 then return false end
  if kind == 'create' then return selling.terms_of(asked) ~= nil end
  return kind == 'bid' or kind == 'buy' or kind == 'cancel' or kind == 'extend'
end

-- Reads the lines from `first` on, and adds to `fields` those of the auction that they need.
function commands.read(asked, packed, first, fields)
  local find, tonumber = string.find, tonumber
  local list, seen = {}, {}
  local from, length = first, #packed
  while from <= length do
    local _, last, kind, user, role, bid_id, amount, maximum, salt, fingerprint, key = find(packed,
      '^(%l+) ([%w_-]*) (a?) ([%w_-]*) (%d*) (%d*) (%x*) ([%w:_-]*) ([!-~]*)\n', from)
    local command = { kind = 'unreadable' }
    if last then
      amount = #amount <= 15 and (tonumber(amount) or 0)
      maximum = #maximum <= 15 and (tonumber(maximum) or 0)
      if commands.is_readable(asked, kind, user, bid_id, amount, maximum, salt, fingerprint, key) then
        command = {
          kind = kind, user = user, admin = role == 'a', bid_id = bid_id, amount = amount,
          maximum = maximum, salt = salt, fingerprint = fingerprint, key = key,
        }
        if user ~= '' and not seen[user] then
          seen[user] = true
          fields[#fields + 1] = 'b:' .. user
        end
        if key ~= '' then
          command.answer = 'a:' .. user .. ':' .. key
          command.refusals = 'r:' .. user
          fields[#fields + 1] = command.answer
          if seen[user] == true then
            seen[user] = 'refusals too'
            fields[#fields + 1] = command.refusals
          end
        end
      end
      from = last + 1
    else
      from = (find(packed, '\n', from, true) or length) + 1
    end
    list[#list + 1] = command
  end
  return list
end

-- What the auction's hash has for these commands: its bidders by user, its answers by field.
function commands.load(asked, fields, values)
  local find, sub = string.find, string.sub
  local bidders, answers = {}, {}
  for i = #auctions.FIELDS + 1, #fields do
    local field, value = fields[i], values[i]
    if value then
      if find(field, 'b:', 1, true) == 1 then
        local alias, bids, maximum, more = cmsgpack.unpack(value)
        if type(maximum) ~= 'number' or more then error('a bidder has not its form') end
        bidders[sub(field, 3)] = { alias = alias, bids = bids, maximum = maximum }
      else
        answers[field] = value
      end
    end
  end
  asked.bidders, asked.answers, asked.new_answers = bidders, answers, {}
end

-- A retry comes within seconds, and who sends hopeless commands for ever must not fill Redis: of
-- each user's refusals in an auction the newest are kept, so many bytes of them, each as
-- `<tab>key<tab>fingerprint code body<line feed>`.
function commands.keep_refusal(asked, command, record)
  local most = 2048
  local kept = '\t' .. command.key .. '\t' .. record .. '\n' .. (asked.answers[command.refusals] or '')
  if #kept > most then kept = string.match(string.sub(kept, 1, most), '^.*\n') end
  asked.answers[command.refusals] = kept
  asked.new_answers[command.refusals] = kept
end

-- `fingerprint code body` of the first answer under the command's key, or nil.
function commands.known_answer(asked, command)
  local known = asked.answers[command.answer]
  if known then return known end
  local refusals = asked.answers[command.refusals]
  if not refusals then return nil end
  local _, before = string.find(refusals, '\t' .. command.key .. '\t', 1, true)
  return before and string.match(refusals, '^[^\n]*', before + 1)
end

function commands.auction_receipt(auction, now)
  return digits[auction.epoch] .. ' ' .. digits[auction.seq] .. ' ' .. digits[now] .. ' '
    .. auctions.state(auction)
end

function commands.own_receipt(auction, bidders, user)
  local bidder = bidders[user]
  if not bidder then return '0 0 0 0' end
  return digits[bidder.alias] .. (auction.leader == user and ' 1 ' or ' 0 ')
    .. digits[bidder.maximum] .. ' ' .. digits[bidder.bids]
end

-- Answers a bid or a purchase with a code and a body.
function commands.decide_bid(auction, asked, command, now)
  local leader_before = auction.leader
  local decide = command.kind == 'buy' and rules.buy_now or rules.place_bid
  local code = decide(auction, asked.bidders, command, now)
  if code then return code, code == 'BID_TOO_LOW' and auction.least and digits[auction.least] or '' end
  local leads = auction.leader == command.user
  if leads and leader_before ~= '' and leader_before ~= command.user then
    asked.beaten = asked.beaten or {}
    asked.beaten[#asked.beaten + 1] = leader_before
  end
  return 'OK', command.bid_id .. ' ' .. digits[auction.epoch] .. ' ' .. digits[auction.seq]
    .. (leads and ' leading ' or ' outbid ') .. digits[asked.bidders[command.user].alias] .. ' '
    .. digits[auction.price] .. ' ' .. (auction.least and digits[auction.least] or '-') .. ' '
    .. digits[auction.ends_at] .. ' ' .. digits[now]
end

-- Answers one command with a code and a body, and what the answer depends on is in the auction
-- afterwards.
function commands.decide(auction, asked, command, now)
  local kind = command.kind
  if kind == 'bid' or kind == 'buy' then return commands.decide_bid(auction, asked, command, now) end
  if kind == 'me' then return 'OK', commands.own_receipt(auction, asked.bidders, command.user) end
  local code
  if kind == 'cancel' then code = selling.cancel(auction, command)
  elseif kind == 'extend' then code = selling.extend(auction, command) end
  if code then return code, '' end
  return 'OK', commands.auction_receipt(auction, now)
end

-- Answers the command that creates the auction, and gives the auction when it is there then.
function commands.create(asked, command, now, run_id)
  local code, auction = selling.create(command, asked, now, run_id)
  if not auction then return code, '' end
  passing.start_and_end(auction, now, asked.salt)
  return 'OK', commands.auction_receipt(auction, now), auction
end

-- The answer to a command, and the auction, which the command may have created. An answer that is to
-- be kept goes to `asked.new_answers`.
function commands.answer(auction, asked, command, now, run_id)
  local kind = command.kind
  if kind == 'unreadable' then return '+UNREADABLE ', auction end
  if command.answer then
    local known = commands.known_answer(asked, command)
    if known then
      local fingerprint, answer = string.match(known, '^(%S*) (.*)$')
      return fingerprint == command.fingerprint and '=' .. answer or '+IDEMPOTENCY_MISMATCH ', auction
    end
  end
  local code, body
  if auction then
    code, body = commands.decide(auction, asked, command, now)
  elseif kind == 'create' then
    code, body, auction = commands.create(asked, command, now, run_id)
  else
    return '+AUCTION_NOT_FOUND ', nil
  end
  local answer = code .. ' ' .. body
  if kind ~= 'read' and kind ~= 'me' and auction then
    if code == 'OK' then
      local field = command.answer or 'a:' .. command.user .. ':' .. command.bid_id
      local record = command.fingerprint .. ' ' .. answer
      asked.answers[field] = record
      asked.new_answers[field] = record
    elseif command.answer then
      commands.keep_refusal(asked, command, command.fingerprint .. ' ' .. answer)
    end
  end
  return '+' .. answer, auction
end
