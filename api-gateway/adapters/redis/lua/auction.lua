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
