-- The decide script of version 1, as it was when its auctions were written. Only the test of updates runs it.
-- Text the script writes: JSON strings, money and times. cjson.encode is not used anywhere, because
-- it keeps 14 digits of a number and escapes slashes; every byte of an event is decided here.

-- Callers hand in printable ASCII only (validated in TypeScript): quotes and backslashes suffice.
local function json_string(text)
  return '"' .. string.gsub(text, '[\\"]', '\\%0') .. '"'
end

local known_digits = {} -- a bid names each of its few numbers several times

-- `number` is a whole number below 2^53; tostring would turn large ones into 1e+15.
local function digits(number)
  local text = known_digits[number]
  if not text then
    text = string.format('%d', number)
    known_digits[number] = text
  end
  return text
end

-- Milliseconds since 1970 to ISO 8601 UTC; days to a date by Howard Hinnant's civil_from_days.
local function iso(ms)
  local seconds = math.floor(ms / 1000)
  local days = math.floor(seconds / 86400)
  local in_day = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local day_of_era = z - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460)
    + math.floor(day_of_era / 36524) - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era
    - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local shifted_month = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * shifted_month + 2) / 5) + 1
  local month = shifted_month < 10 and shifted_month + 3 or shifted_month - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(in_day / 3600), math.floor(in_day / 60) % 60, in_day % 60, ms - seconds * 1000)
end

local known_times = {} -- a call names the same few times again and again

local function iso_of(ms)
  local text = known_times[ms]
  if not text then
    text = iso(ms)
    known_times[ms] = text
  end
  return text
end

-- Room for creations. They obey a lower limit than bids (0.9, which the gateway watches): whoever
-- creates as much as he can must never bring a bid UNAVAILABLE, nor use up what closing needs.

local CREATION_SHARE = 0.75 -- of maxmemory

local function has_room()
  local memory = redis.call('INFO', 'memory')
  local limit = tonumber(string.match(memory, '\nmaxmemory:(%d+)'))
  return limit == 0 or tonumber(string.match(memory, 'used_memory:(%d+)')) <= limit * CREATION_SHARE
end

-- The auction in memory: loaded, changed by its commands, stored once at the end. A call decides
-- several auctions one after the other; `begin_auction` forgets the one before.
-- Amounts are minor units, times ms; 0 means "none" for amounts, '' for ids.

local NUMBER_FIELDS = {
  'startPrice', 'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt',
  'startsAt', 'endsAt', 'price', 'leaderAlias', 'leaderMax', 'bidCount', 'aliasCount', 'epoch',
  'seq', 'lastAt', 'archivedEpoch', 'archivedSeq',
}
-- The public terms are long and seldom asked for: see `terms_of`.
local TEXT_FIELDS = { 'status', 'outcome', 'itemId', 'sellerId', 'leader', 'increments', 'runId' }
local FIELDS = {}
for _, name in ipairs(NUMBER_FIELDS) do FIELDS[#FIELDS + 1] = name end
for _, name in ipairs(TEXT_FIELDS) do FIELDS[#FIELDS + 1] = name end
-- What a command can change; the rest is written once, when the auction is created.
local CHANGING_FIELDS = {
  'status', 'outcome', 'endsAt', 'price', 'leader', 'leaderAlias', 'leaderMax', 'bidCount',
  'aliasCount', 'epoch', 'seq', 'runId', 'lastAt',
}

local MAX_AMOUNT = 1000000000000
-- What the gateway takes for a time: the years 2000 to 9999, which ISO 8601 writes in four digits.
local FIRST_TIME_MS, LAST_TIME_MS = 946684800000, 253402300799999

local function is_whole(value, maximum)
  return type(value) == 'number' and value >= 0 and value <= maximum and value % 1 == 0
end

local function is_time(value)
  return is_whole(value, LAST_TIME_MS) and value >= FIRST_TIME_MS
end

local auction = nil -- set by load_auction or by the create command
local stored = {} -- the fields as Redis has them
local now = 0

local function load_auction(key)
  local values = redis.call('HMGET', key, unpack(FIELDS))
  if not values[#NUMBER_FIELDS + 1] then return end
  auction = {}
  for i, name in ipairs(FIELDS) do
    local value = values[i]
    if i <= #NUMBER_FIELDS then value = tonumber(value or '0') else value = value or '' end
    auction[name] = value
    stored[name] = value
  end
end

-- The public terms, once everything else is loaded.
local function terms_of(key)
  return auction.terms or redis.call('HGET', key, 'terms') or ''
end

local function as_text(value)
  return type(value) == 'number' and digits(value) or value
end

local increment_rows = nil -- {from, by, from, by, …}, read once an auction
local last_price, last_increment = nil, 0 -- the price asked for last is mostly asked for again

local function increment_at(price)
  if price == last_price then return last_increment end
  if not increment_rows then
    increment_rows = {}
    for number in string.gmatch(auction.increments, '%d+') do
      increment_rows[#increment_rows + 1] = tonumber(number)
    end
  end
  local increment = 0
  for i = 1, #increment_rows, 2 do
    if increment_rows[i] > price then break end
    increment = increment_rows[i + 1]
  end
  last_price, last_increment = price, increment
  return increment
end

-- The least a new bidder must offer; nil when that would be above the highest amount.
local function minimum_bid()
  if auction.leader == '' then return auction.startPrice end
  local least = auction.price + increment_at(auction.price)
  return least <= MAX_AMOUNT and least or nil
end

-- The same as text, with `none` where nobody can go higher.
local function minimum_text(none)
  local least = minimum_bid()
  return least and digits(least) or none
end

local function reserve_met()
  return auction.reservePrice == 0
    or (auction.leader ~= '' and auction.leaderMax >= auction.reservePrice)
end

-- The public state after the last event: the same bytes in the event, the feed and the answers.
local function state_json()
  local outcome = auction.outcome ~= '' and ',"outcome":"' .. auction.outcome .. '"' or ''
  return '{"status":"' .. auction.status .. '"' .. outcome
    .. ',"price":' .. digits(auction.price)
    .. ',"minimumBid":' .. minimum_text('null')
    .. ',"leader":' .. (auction.leader == '' and 'null' or digits(auction.leaderAlias))
    .. ',"bidCount":' .. digits(auction.bidCount)
    .. ',"reserveMet":' .. tostring(reserve_met())
    .. ',"endsAt":"' .. iso_of(auction.endsAt) .. '"}'
end

-- The auction's events of this call, in order: the full lines for the log, the public parts for
-- the feed, and the public state after the last one.
local lines = {}
local public_events = {}
local last_state = ''
local salt_of_call = ''

local function begin_auction(salt)
  auction, stored = nil, {}
  increment_rows, last_price = nil, nil
  lines, public_events = {}, {}
  salt_of_call = salt
end

-- Numbers and writes down one event. `bid` is {alias, amount} or nil; `private` is JSON members
-- or ''. `salt` is 32 hex digits; timed events share the call's.
-- `parent` is the epoch that a new one forked from, or nil.
local function emit(event_type, bid, private, salt, parent)
  auction.seq = auction.seq + 1
  last_state = state_json()
  local more = ''
  if bid then more = ',"bid":{"alias":' .. digits(bid[1]) .. ',"amount":' .. digits(bid[2]) .. '}' end
  if parent then more = ',"parent":' .. digits(parent) end
  local public = '{"epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"type":"' .. event_type .. '","at":"' .. iso_of(now) .. '","state":' .. last_state
    .. more .. '}'
  local leader = ''
  if auction.leader ~= '' then
    leader = (private == '' and '' or ',') .. '"leaderId":"' .. auction.leader .. '","leaderMax":'
      .. digits(auction.leaderMax)
  end
  public_events[#public_events + 1] = public
  lines[#lines + 1] = '{"v":1,"auctionId":"' .. auction.id .. '","public":' .. public
    .. ',"salt":"' .. salt .. '","private":{' .. private .. leader .. '}}'
end

-- What passing time does to an auction. Whichever call finds a time passed acts on it.

local function outcome_now()
  if auction.leader == '' then return 'no_bids' end
  return reserve_met() and 'sold' or 'reserve_not_met'
end

local function start_and_end_on_time()
  if auction.status == 'scheduled' and now >= auction.startsAt then
    auction.status = 'live'
    emit('started', nil, '', salt_of_call)
  end
  if auction.status == 'live' and now >= auction.endsAt then
    auction.status = 'ended'
    auction.outcome = outcome_now()
    emit('ended', nil, '', salt_of_call)
  end
end

-- A Redis server with another run id may have lost the newest writes. What it still has is kept
-- and goes on under a higher epoch; nothing follows the end of an auction, so that needs none.
-- Epochs are numbered by the clock, in seconds: the event that began one may itself be lost, and
-- its number must not come again with other content. So each names its parent too.
local function start_epoch_if_redis_restarted(run_id)
  if auction.runId == run_id then return end
  if auction.status ~= 'scheduled' and auction.status ~= 'live' then return end
  local parent, fork = auction.epoch, auction.seq
  auction.runId = run_id
  auction.epoch = math.max(parent + 1, math.floor(now / 1000))
  emit('epoch', nil, '"fork":' .. digits(fork), salt_of_call, parent)
end

-- The rules of an English auction with proxy bidding; shared/domain/auction-rules.ts states the
-- same ones. Every function here answers a refusal code, or nil after it changed the auction.

local bidders = {} -- user id to {alias, bids, maximum}, of the users in this call
local changed_bidders = {} -- HSET arguments

local function load_bidders(key, users)
  bidders, changed_bidders = {}, {}
  if not auction or #users == 0 then return end
  for i, record in ipairs(redis.call('HMGET', key, unpack(users))) do
    if record then
      local alias, bids, maximum = string.match(record, '^(%d+)|(%d+)|(%d+)$')
      bidders[users[i]] = {
        alias = tonumber(alias), bids = tonumber(bids), maximum = tonumber(maximum),
      }
    end
  end
end

local function bidder_of(user)
  local bidder = bidders[user]
  if not bidder then
    auction.aliasCount = auction.aliasCount + 1
    bidder = { alias = auction.aliasCount, bids = 0, maximum = 0 }
    bidders[user] = bidder
  end
  return bidder
end

-- Why nobody may bid now, whoever asks; nil when the auction is live.
local function closed_code()
  if auction.status == 'scheduled' then return 'AUCTION_NOT_STARTED' end
  if auction.status == 'ended' then return 'AUCTION_ENDED' end
  if auction.status == 'cancelled' then return 'AUCTION_CANCELLED' end
  return nil
end

-- A met reserve is the lowest price the seller takes.
local function lift_price_to_reserve()
  if reserve_met() and auction.price < auction.reservePrice then
    auction.price = auction.reservePrice
  end
end

local function lead(user, alias, price, maximum)
  auction.leader = user
  auction.leaderAlias = alias
  auction.price = price
  auction.leaderMax = maximum
  lift_price_to_reserve()
end

local function extend_if_late()
  if auction.softWindowMs > 0 and now >= auction.endsAt - auction.softWindowMs then
    local extended = math.min(now + auction.softExtendMs, auction.hardEndsAt)
    auction.endsAt = math.max(auction.endsAt, extended)
  end
end

local function command_members(command, alias)
  local offer = ''
  if command.amount > 0 then offer = ',"amount":' .. digits(command.amount) end
  if command.maximum > 0 then offer = ',"maxAmount":' .. digits(command.maximum) end
  return '"userId":"' .. command.user .. '","bidId":"' .. command.bid_id
    .. '","alias":' .. digits(alias) .. offer
    .. ',"key":' .. json_string(command.key ~= '' and command.key or command.bid_id)
    .. ',"fingerprint":"' .. command.fingerprint .. '"'
end

local function record_bidder(user, bidder)
  changed_bidders[#changed_bidders + 1] = user
  changed_bidders[#changed_bidders + 1] = digits(bidder.alias) .. '|' .. digits(bidder.bids)
    .. '|' .. digits(bidder.maximum)
end

-- Sells at the buy-now price, which ends the auction.
local function sell_now(command)
  local bidder = bidder_of(command.user)
  auction.leader = command.user
  auction.leaderAlias = bidder.alias
  auction.leaderMax = auction.buyNowPrice
  auction.price = auction.buyNowPrice
  auction.bidCount = auction.bidCount + 1
  auction.status = 'ended'
  auction.outcome = 'sold'
  auction.endsAt = now
  bidder.bids = bidder.bids + 1
  bidder.maximum = auction.buyNowPrice
  record_bidder(command.user, bidder)
  emit('bought', { bidder.alias, auction.price }, command_members(command, bidder.alias),
    command.salt)
end

local function place_bid(command)
  local exact = command.amount > 0
  local offered = exact and command.amount or command.maximum
  local user = command.user
  if closed_code() then return closed_code() end
  if user == auction.sellerId then return 'SELLER_CANNOT_BID' end
  local was_leader = user == auction.leader
  local least = minimum_bid()
  if not was_leader and (not least or offered < least) then return 'BID_TOO_LOW' end
  if was_leader and offered <= auction.leaderMax then return 'MAX_NOT_RAISED' end
  if auction.leader == '' and auction.buyNowPrice > 0 and offered >= auction.buyNowPrice then
    sell_now(command)
    return nil
  end

  local bidder = bidder_of(user)
  local price_before = auction.price
  if was_leader then
    auction.leaderMax = offered
    if exact then auction.price = offered end
    lift_price_to_reserve()
  elseif auction.leader == '' then
    lead(user, bidder.alias, exact and offered or auction.startPrice, offered)
  elseif offered > auction.leaderMax then
    local beaten = auction.leaderMax
    local price = exact and offered or math.min(offered, beaten + increment_at(beaten))
    lead(user, bidder.alias, price, offered)
  else
    auction.price = math.min(auction.leaderMax, offered + increment_at(offered))
  end
  if not was_leader then extend_if_late() end

  bidder.maximum = math.max(bidder.maximum, offered)
  local silent = was_leader and auction.price == price_before
  if silent then
    record_bidder(user, bidder)
    emit('no_change', nil, command_members(command, bidder.alias), command.salt)
  else
    bidder.bids = bidder.bids + 1
    auction.bidCount = auction.bidCount + 1
    record_bidder(user, bidder)
    emit('bid', { bidder.alias, math.min(offered, auction.price) },
      command_members(command, bidder.alias), command.salt)
  end
  return nil
end

local function buy_now(command)
  if closed_code() then return closed_code() end
  if command.user == auction.sellerId then return 'SELLER_CANNOT_BID' end
  if auction.buyNowPrice == 0 or auction.leader ~= '' then return 'BUY_NOW_GONE' end
  sell_now(command)
  return nil
end

-- What a seller may do: create, cancel, extend. An admin may do what the seller may.

local function seller_members(command)
  return '"userId":"' .. command.user .. '","key":'
    .. json_string(command.key ~= '' and command.key or command.bid_id)
    .. ',"fingerprint":"' .. command.fingerprint .. '"'
end

local function over_code()
  if auction.status == 'ended' then return 'AUCTION_ENDED' end
  if auction.status == 'cancelled' then return 'AUCTION_CANCELLED' end
  return nil
end

local function may_manage(command)
  return command.admin or command.user == auction.sellerId
end

local function cancel(command)
  if over_code() then return over_code() end
  if not may_manage(command) then return 'NOT_SELLER' end
  if auction.leader ~= '' then return 'AUCTION_HAS_BIDS' end
  auction.status = 'cancelled'
  emit('cancelled', nil, seller_members(command), command.salt)
  return nil
end

-- The new end comes in `amount`, as ms.
local function extend(command)
  if over_code() then return over_code() end
  if not may_manage(command) then return 'NOT_SELLER' end
  if command.amount > auction.hardEndsAt then return 'BEYOND_HARD_END' end
  if command.amount <= auction.endsAt then return 'END_NOT_LATER' end
  auction.endsAt = command.amount
  emit('extended', nil, seller_members(command), command.salt)
  return nil
end

local DEFAULT_HARD_END_AFTER_MS = 24 * 60 * 60 * 1000

local CREATION_TEXTS = { sellerId = '^[%w_-]+$', increments = '^%d+:%d+[%d:,]*$' }
local CREATION_AMOUNTS = { 'startPrice', 'reservePrice', 'buyNowPrice' }
local CREATION_SPANS = { 'durationMs', 'softWindowMs', 'softExtendMs' }
-- No auction ends later than so long after its creation, so that none is kept for ever.
local MAX_SPAN_MS = 366 * 24 * 60 * 60 * 1000
local CREATION_TIMES = { 'startsAt', 'endsAt', 'hardEndsAt' }

-- What the JSON text of an object holds, or nil. A line break would end a line of the log.
local function read_json_object(text)
  if string.find(text, '[%z\1-\31]') then return nil end
  local is_json, object = pcall(cjson.decode, text)
  return is_json and type(object) == 'table' and object or nil
end

local function read_creation(asked)
  local terms = read_json_object(asked.creation)
  if not terms or type(terms.item) ~= 'table' or not read_json_object(asked.open_terms .. '}')
    or (asked.item ~= '' and not read_json_object(asked.item)) then return nil end
  local item_id = terms.item.id
  if type(item_id) ~= 'string' or not string.find(item_id, '^[%w_-]+$') then return nil end
  for name, form in pairs(CREATION_TEXTS) do
    if type(terms[name]) ~= 'string' or not string.find(terms[name], form) then return nil end
  end
  for _, name in ipairs(CREATION_AMOUNTS) do
    if not is_whole(terms[name], MAX_AMOUNT) then return nil end
  end
  for _, name in ipairs(CREATION_SPANS) do
    if not is_whole(terms[name], MAX_SPAN_MS) then return nil end
  end
  for _, name in ipairs(CREATION_TIMES) do
    if terms[name] ~= 0 and not is_time(terms[name]) then return nil end
  end
  return terms.startPrice > 0 and terms or nil
end

-- The terms of the auction that this call creates, or nil when they cannot be read.
local function creation_of(asked)
  if asked.terms == nil then asked.terms = read_creation(asked) or false end
  return asked.terms or nil
end

-- `asked.creation` is the JSON of `Creation` (shared/contracts/events.ts), kept as it came in the
-- first event; `terms` what it holds; `asked.open_terms` the public terms without the closing brace.
local function create(command, asked, terms, item_is_busy)
  local starts_at = math.max(terms.startsAt, now)
  local ends_at = terms.endsAt > 0 and terms.endsAt or starts_at + terms.durationMs
  local latest = now + MAX_SPAN_MS
  local hard_ends_at = terms.hardEndsAt > 0 and terms.hardEndsAt
    or math.min(ends_at + DEFAULT_HARD_END_AFTER_MS, latest)
  if ends_at <= starts_at then return 'END_NOT_AFTER_START' end
  if ends_at > latest then return 'END_TOO_LATE' end
  if hard_ends_at > latest then return 'HARD_END_TOO_LATE' end
  if hard_ends_at < ends_at then return 'HARD_END_BEFORE_END' end
  if item_is_busy then return 'ITEM_BUSY' end
  auction = {
    id = asked.id, status = 'scheduled', outcome = '', itemId = terms.item.id,
    sellerId = terms.sellerId, leader = '', increments = terms.increments, runId = asked.run_id,
    terms = asked.open_terms .. ',"startsAt":"' .. iso_of(starts_at) .. '"}',
    startPrice = terms.startPrice, reservePrice = terms.reservePrice,
    buyNowPrice = terms.buyNowPrice, softWindowMs = terms.softWindowMs,
    softExtendMs = terms.softExtendMs, hardEndsAt = hard_ends_at, startsAt = starts_at,
    endsAt = ends_at, price = terms.startPrice, leaderAlias = 0, leaderMax = 0, bidCount = 0,
    aliasCount = 0, epoch = 1, seq = 0, lastAt = now, archivedEpoch = 0, archivedSeq = 0,
  }
  emit('scheduled', nil, seller_members(command) .. ',"creation":' .. asked.creation
    .. ',"startsAt":' .. digits(starts_at) .. ',"endsAt":' .. digits(ends_at)
    .. ',"hardEndsAt":' .. digits(hard_ends_at), command.salt)
  return nil
end

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

-- What is written and published of an auction once all its commands are decided.

local is_writing = false -- from here on a failure leaves something behind

local function write_answers(asked)
  for field in pairs(changed_refusals) do
    new_answers[#new_answers + 1] = field
    new_answers[#new_answers + 1] = refusals[field]
  end
  if #new_answers > 0 then redis.call('HSET', asked.answers_key, unpack(new_answers)) end
end

local function write_creation(asked)
  local constant = { 'archivedEpoch', '0', 'archivedSeq', '0', 'publishedSeq', '0' }
  for _, name in ipairs({ 'itemId', 'sellerId', 'increments', 'terms', 'startPrice',
    'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt', 'startsAt' }) do
    constant[#constant + 1] = name
    constant[#constant + 1] = as_text(auction[name])
  end
  redis.call('HSET', asked.auction_key, unpack(constant))
  redis.call('HSET', asked.busy_items_key, auction.itemId, asked.id)
  redis.call('PERSIST', asked.item_key) -- it was to go some time after an earlier auction of it
  if asked.item ~= '' then
    redis.call('HSET', asked.item_key, 'json', asked.item, 'sellerId', auction.sellerId)
  end
end

-- The lists by status; a changed due time is told to the keepers.
local function write_index(asked)
  -- A rebuilt auction is listed as due at once, so that its new epoch begins: that sets it right.
  if auction.status == stored.status and auction.endsAt == stored.endsAt
    and auction.epoch == stored.epoch then return end
  if stored.status and stored.status ~= auction.status then
    redis.call('ZREM', asked.index_keys[stored.status], asked.id)
  end
  local open = auction.status == 'scheduled' or auction.status == 'live'
  local due = auction.status == 'scheduled' and auction.startsAt or auction.endsAt
  redis.call('ZADD', asked.index_keys[auction.status], digits(open and due or now), asked.id)
  if open then
    redis.call('SPUBLISH', asked.due_channel, asked.id .. ' ' .. digits(due))
  else
    redis.call('HDEL', asked.busy_items_key, auction.itemId)
  end
end

local function publish_notices(asked)
  local notices = {}
  local told = {}
  for i = 1, #changed_bidders, 2 do
    local user = changed_bidders[i]
    if not told[user] then
      told[user] = true
      notices[#notices + 1] = '{"type":"own","userId":"' .. user .. '","auctionId":"'
        .. asked.id .. '"}'
    end
  end
  for _, user in ipairs(displaced_order) do
    if user ~= auction.leader then
      notices[#notices + 1] = '{"type":"outbid","userId":"' .. user .. '","auctionId":"'
        .. asked.id .. '","price":' .. digits(auction.price) .. ',"minimumBid":'
        .. minimum_text('null') .. '}'
    end
  end
  if auction.outcome == 'sold' and stored.status ~= 'ended' then
    notices[#notices + 1] = '{"type":"won","userId":"' .. auction.leader .. '","auctionId":"'
      .. asked.id .. '","price":' .. digits(auction.price) .. '}'
  end
  if #notices > 0 then
    redis.call('SPUBLISH', asked.notices_channel, '[' .. table.concat(notices, ',') .. ']')
  end
end

-- The log comes first, for it is what everything else tells of: a failure must not leave an answer,
-- or a state, without its event.
local function write_log(asked, entry)
  redis.call('XADD', asked.log_key, digits(auction.seq) .. '-0', 'epoch', digits(auction.epoch),
    'events', entry)
  is_writing = true
end

local function write_state(asked)
  if stored.seq == nil then write_creation(asked) end
  auction.lastAt = now
  local changes = { 'state', last_state }
  for _, name in ipairs(CHANGING_FIELDS) do
    if auction[name] ~= stored[name] then
      changes[#changes + 1] = name
      changes[#changes + 1] = as_text(auction[name])
    end
  end
  redis.call('HSET', asked.auction_key, unpack(changes))
  if #changed_bidders > 0 then redis.call('HSET', asked.bidders_key, unpack(changed_bidders)) end
end

-- What others look for: the lists, the keeper's work, the messages.
local function tell_of_events(asked)
  -- The keeper looks after an auction whose archive lags, a second from now at the earliest.
  local caught_up = stored.seq == nil
    or (stored.archivedEpoch == stored.epoch and stored.archivedSeq == stored.seq)
  if caught_up then redis.call('ZADD', asked.behind_key, 'NX', digits(now + 1000), asked.id) end

  write_index(asked)
  if asked.trace ~= '' then
    -- Only a hint: where it may not be sent, nothing else must fail.
    redis.pcall('SPUBLISH', asked.traces_channel, asked.id .. ' ' .. digits(auction.epoch) .. ' '
      .. digits(auction.seq) .. ' ' .. asked.trace)
  end
  redis.call('SPUBLISH', asked.live_channel, '{"auctionId":"' .. asked.id
    .. '","epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"events":[' .. table.concat(public_events, ',') .. '],"state":' .. last_state
    .. ',"serverTime":"' .. iso_of(now) .. '"}')
  publish_notices(asked)
end

-- One log entry, one write of the state, one message to the viewers, however many events. Answers
-- the entry's lines, or '' when nothing happened to the auction.
local function write_auction(asked)
  if not auction then return '' end
  local entry = table.concat(lines, '\n')
  if entry ~= '' then
    write_log(asked, entry)
    write_state(asked)
  end
  write_answers(asked)
  if entry ~= '' then tell_of_events(asked) end
  return entry
end

-- Decides commands of one or several auctions of a shard, in order, all at one instant of Redis's
-- clock. For each auction one log entry, one publish, one write of the state, however many commands.
--
-- KEYS   1 shard is whole     2 scheduled zset   3 live zset    4 ended zset   5 cancelled zset
--        6 busy items hash    7 behind zset
--        and for each auction: auction hash, log stream, bidders hash, answers hash, and the item
--        when its commands create it
-- ARGV   1 notices channel    2 due channel      3 traces channel
--        and for each auction: auction id, live channel, salt (32 hex digits, for timed events),
--        traceparent or '', creation JSON or '', public terms, open, item JSON, number of commands,
--        and the commands: kind|user|a (admin) or empty|bid id|amount|maximum|salt|fingerprint|key
--           kinds: bid, buy, cancel, extend, create, read, me
-- Reply  {'UNAVAILABLE'} when the shard's data is not whole, else {'OK', for each auction a table}:
--        {'OK', now ms, epoch, last seq, entry lines or '', first seq of the entry or '',
--         'status|minimum bid|ends at|leader|seller' or '', public terms or '', answers…}
--        or, when it failed on this auction's data, {'NOT_RUN' or 'MAY_HAVE_RUN', error}
-- Answer '+CODE|body' decided now, '=CODE|body' replayed; CODE is OK or a refusal (UNREADABLE:
--        the command has not the form above, and is as if it had not come); body is the minimum bid
--        for BID_TOO_LOW, else the receipt, see below.
-- Receipts  bid, buy:  bidId|epoch|seq|leading or outbid|alias|price|minimum bid|ends at|at (ms)
--           read, create, cancel, extend:  epoch|seq|at (ms)|public state JSON
--           me:  alias or ''|leading 0 or 1|maximum|bids
-- Everything about an auction is decided before its first write, because a script that fails
-- half-way keeps its writes. The auctions follow one another: the second of two creations in one
-- call must find the item busy.

if redis.call('EXISTS', KEYS[1]) == 0 then return { 'UNAVAILABLE' } end

local SHARD_KEYS, SHARD_ARGS = 7, 3
local AUCTION_ARGS = 8 -- before its commands
local INDEX_KEYS = { scheduled = KEYS[2], live = KEYS[3], ended = KEYS[4], cancelled = KEYS[5] }

local time = redis.call('TIME')
local time_of_call = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

-- What the call says of the auction whose part begins behind these keys and arguments.
local function read_part(keys_before, args_before)
  local asked = {
    id = ARGV[args_before + 1], live_channel = ARGV[args_before + 2],
    salt = ARGV[args_before + 3], trace = ARGV[args_before + 4],
    creation = ARGV[args_before + 5], open_terms = ARGV[args_before + 6],
    item = ARGV[args_before + 7],
    first_command = args_before + AUCTION_ARGS + 1,
    command_count = tonumber(ARGV[args_before + AUCTION_ARGS]),
    auction_key = KEYS[keys_before + 1], log_key = KEYS[keys_before + 2],
    bidders_key = KEYS[keys_before + 3], answers_key = KEYS[keys_before + 4],
    index_keys = INDEX_KEYS, busy_items_key = KEYS[6], behind_key = KEYS[7],
    notices_channel = ARGV[1], due_channel = ARGV[2], traces_channel = ARGV[3],
    run_id = run_id,
  }
  if asked.creation ~= '' then asked.item_key = KEYS[keys_before + 5] end
  return asked
end

local function decide_auction(asked)
  begin_auction(asked.salt)
  read_commands(asked)
  load_auction(asked.auction_key)
  now = time_of_call
  if auction then
    auction.id = asked.id
    now = math.max(now, auction.lastAt)
  end
  load_bidders(asked.bidders_key, users)
  load_answers(asked.answers_key)

  if auction then
    start_epoch_if_redis_restarted(run_id)
    start_and_end_on_time()
  end
  local answers = {}
  for i, command in ipairs(commands) do answers[i] = answer_to(command, asked) end
  if not auction then
    return { 'OK', digits(now), '0', '0', '', '', '', '', unpack(answers) }
  end

  local head = auction.status .. '|' .. minimum_text('') .. '|' .. digits(auction.endsAt)
    .. '|' .. auction.leader .. '|' .. auction.sellerId
  local terms = wants_terms() and terms_of(asked.auction_key) or ''
  local first_seq = #lines > 0 and digits(auction.seq - #lines + 1) or ''
  local entry = write_auction(asked)
  return { 'OK', digits(now), digits(auction.epoch), digits(auction.seq), entry, first_seq, head,
    terms, unpack(answers) }
end

local reply = { 'OK' }
local keys_before, args_before = SHARD_KEYS, SHARD_ARGS
while args_before < #ARGV do
  local asked = read_part(keys_before, args_before)
  is_writing = false
  -- Wrong data of one auction is no reason to answer nobody.
  local decided, result = pcall(decide_auction, asked)
  if not decided then
    local reason = type(result) == 'table' and result.err or result
    result = { is_writing and 'MAY_HAVE_RUN' or 'NOT_RUN', tostring(reason) }
  end
  reply[#reply + 1] = result
  keys_before = keys_before + (asked.item_key and 5 or 4)
  args_before = args_before + AUCTION_ARGS + asked.command_count
end
return reply

