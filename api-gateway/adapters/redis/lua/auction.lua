-- The auction in memory: loaded once a call, changed by the commands, stored once at the end.
-- Amounts are minor units, times ms; 0 means "none" for amounts, '' for ids.

local NUMBER_FIELDS = {
  'startPrice', 'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt',
  'startsAt', 'endsAt', 'price', 'leaderAlias', 'leaderMax', 'bidCount', 'aliasCount', 'epoch',
  'seq', 'lastAt', 'archivedEpoch', 'archivedSeq',
}
local TEXT_FIELDS = {
  'status', 'outcome', 'itemId', 'sellerId', 'leader', 'increments', 'runId', 'terms',
}
-- What a command can change; the rest is written once, when the auction is created.
local CHANGING_FIELDS = {
  'status', 'outcome', 'endsAt', 'price', 'leader', 'leaderAlias', 'leaderMax', 'bidCount',
  'aliasCount', 'epoch', 'seq', 'runId', 'lastAt',
}

local auction = nil -- set by load_auction or by the create command
local now = 0

local function load_auction(key)
  local fields = {}
  for _, name in ipairs(NUMBER_FIELDS) do fields[#fields + 1] = name end
  for _, name in ipairs(TEXT_FIELDS) do fields[#fields + 1] = name end
  local values = redis.call('HMGET', key, unpack(fields))
  if not values[#NUMBER_FIELDS + 1] then return end
  auction = {}
  for i, name in ipairs(fields) do
    if i <= #NUMBER_FIELDS then
      auction[name] = tonumber(values[i] or '0')
    else
      auction[name] = values[i] or ''
    end
  end
end

local function as_text(value)
  return type(value) == 'number' and digits(value) or value
end

local increment_rows = nil -- {from, by, from, by, …}, read once a call
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

local function minimum_bid()
  if auction.leader == '' then return auction.startPrice end
  return auction.price + increment_at(auction.price)
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
    .. ',"minimumBid":' .. digits(minimum_bid())
    .. ',"leader":' .. (auction.leader == '' and 'null' or digits(auction.leaderAlias))
    .. ',"bidCount":' .. digits(auction.bidCount)
    .. ',"reserveMet":' .. tostring(reserve_met())
    .. ',"endsAt":"' .. iso_of(auction.endsAt) .. '"}'
end

-- Events of this call, in order: the full lines for the log, the public parts for the feed.
local lines = {}
local public_events = {}
local salt_of_call = ''

-- Numbers and writes down one event. `bid` is {alias, amount} or nil; `private` is JSON members
-- or ''. `salt` is 32 hex digits; timed events share the call's.
-- `parent` is the epoch that a new one forked from, or nil.
local function emit(event_type, bid, private, salt, parent)
  auction.seq = auction.seq + 1
  local more = ''
  if bid then more = ',"bid":{"alias":' .. digits(bid[1]) .. ',"amount":' .. digits(bid[2]) .. '}' end
  if parent then more = ',"parent":' .. digits(parent) end
  local public = '{"epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"type":"' .. event_type .. '","at":"' .. iso_of(now) .. '","state":' .. state_json()
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
