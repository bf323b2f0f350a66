-- What the decide script of version 1 wrote and published for a creation, for a maximum bid, and for the time
-- that had passed by then: in its forms and order, but one command a call, and without terms that the test of
-- updates does not use. Only that test runs it.
--
-- KEYS   1 scheduled zset  2 live zset  3 ended zset  4 busy items hash  5 behind zset
--        6 auction hash  7 log stream  8 bidders hash  9 answers hash  10 item
-- ARGV   1 notices channel  2 due channel  3 live channel  4 auction id  5 salt of timed events
--        6 user  7 bid id  8 salt  9 fingerprint  10 key  11 maximum, '' for a creation
--        12 creation JSON  13 public terms without the closing brace  14 item JSON
-- Reply  'CODE|body', where the body of OK is: bid id|epoch|seq|result|alias|price|minimum bid|ends at|at (ms).
--        It fails, before it writes, on an auction that has another form.

local INDEX_KEYS = { scheduled = KEYS[1], live = KEYS[2], ended = KEYS[3] }
local AUCTION, LOG, BIDDERS, ANSWERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local ID, USER, BID_ID, SALT, FINGERPRINT, KEY = ARGV[4], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

-- Amounts are minor units, times ms; 0 means "none" for amounts, '' for ids.
local NUMBER_FIELDS = {
  'startPrice', 'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt',
  'startsAt', 'endsAt', 'price', 'leaderAlias', 'leaderMax', 'bidCount', 'aliasCount', 'epoch',
  'seq', 'lastAt', 'archivedEpoch', 'archivedSeq',
}
local TEXT_FIELDS = { 'status', 'outcome', 'itemId', 'sellerId', 'leader', 'increments', 'runId' }
local CONSTANT_FIELDS = {
  'itemId', 'sellerId', 'increments', 'terms', 'startPrice', 'reservePrice', 'buyNowPrice',
  'softWindowMs', 'softExtendMs', 'hardEndsAt', 'startsAt',
}
local CHANGING_FIELDS = {
  'status', 'outcome', 'endsAt', 'price', 'leader', 'leaderAlias', 'leaderMax', 'bidCount',
  'aliasCount', 'epoch', 'seq', 'runId', 'lastAt',
}

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local auction = nil
local stored = {} -- the fields as Redis has them

local function json_string(text)
  return '"' .. string.gsub(text, '[\\"]', '\\%0') .. '"'
end

-- tostring would turn large numbers into 1e+15.
local function digits(number)
  return string.format('%d', number)
end

local function as_text(value)
  return type(value) == 'number' and digits(value) or value
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

local function load_auction()
  local names = {}
  for _, name in ipairs(NUMBER_FIELDS) do names[#names + 1] = name end
  for _, name in ipairs(TEXT_FIELDS) do names[#names + 1] = name end
  local values = redis.call('HMGET', AUCTION, unpack(names))
  if not values[#NUMBER_FIELDS + 1] then return end
  auction = {}
  for i, name in ipairs(names) do
    local value = values[i]
    if i <= #NUMBER_FIELDS then value = tonumber(value or '0') else value = value or '' end
    auction[name] = value
    stored[name] = value
  end
end

local function increment_at(price)
  local increment = 0
  for from, by in string.gmatch(auction.increments, '(%d+):(%d+)') do
    if tonumber(from) > price then break end
    increment = tonumber(by)
  end
  return increment
end

local function minimum_bid()
  if auction.leader == '' then return auction.startPrice end
  return auction.price + increment_at(auction.price)
end

local function state_json()
  local outcome = auction.outcome ~= '' and ',"outcome":"' .. auction.outcome .. '"' or ''
  return '{"status":"' .. auction.status .. '"' .. outcome
    .. ',"price":' .. digits(auction.price)
    .. ',"minimumBid":' .. digits(minimum_bid())
    .. ',"leader":' .. (auction.leader == '' and 'null' or digits(auction.leaderAlias))
    .. ',"bidCount":' .. digits(auction.bidCount)
    .. ',"reserveMet":true'
    .. ',"endsAt":"' .. iso(auction.endsAt) .. '"}'
end

-- The events of this call, in order: the lines for the log, and the public parts for the feed.
local lines, public_events = {}, {}

-- Numbers and writes down one event. `bid` is {alias, amount} or nil; `private` is JSON members or ''.
local function emit(event_type, bid, private, salt)
  auction.seq = auction.seq + 1
  local shown = ''
  if bid then shown = ',"bid":{"alias":' .. digits(bid[1]) .. ',"amount":' .. digits(bid[2]) .. '}' end
  local public = '{"epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"type":"' .. event_type .. '","at":"' .. iso(now) .. '","state":' .. state_json() .. shown .. '}'
  local leader = ''
  if auction.leader ~= '' then
    leader = (private == '' and '' or ',') .. '"leaderId":"' .. auction.leader .. '","leaderMax":'
      .. digits(auction.leaderMax)
  end
  public_events[#public_events + 1] = public
  lines[#lines + 1] = '{"v":1,"auctionId":"' .. ID .. '","public":' .. public
    .. ',"salt":"' .. salt .. '","private":{' .. private .. leader .. '}}'
end

local function start_and_end_on_time()
  if auction.status == 'scheduled' and now >= auction.startsAt then
    auction.status = 'live'
    emit('started', nil, '', ARGV[5])
  end
  if auction.status == 'live' and now >= auction.endsAt then
    auction.status = 'ended'
    auction.outcome = auction.leader == '' and 'no_bids' or 'sold'
    emit('ended', nil, '', ARGV[5])
  end
end

local function create()
  local terms = cjson.decode(ARGV[12])
  local starts_at = math.max(terms.startsAt, now)
  local ends_at = starts_at + terms.durationMs
  local hard_ends_at = ends_at + 24 * 60 * 60 * 1000
  auction = {
    status = 'scheduled', outcome = '', itemId = terms.item.id, sellerId = terms.sellerId,
    leader = '', increments = terms.increments,
    runId = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'),
    terms = ARGV[13] .. ',"startsAt":"' .. iso(starts_at) .. '"}',
    startPrice = terms.startPrice, reservePrice = terms.reservePrice,
    buyNowPrice = terms.buyNowPrice, softWindowMs = terms.softWindowMs,
    softExtendMs = terms.softExtendMs, hardEndsAt = hard_ends_at, startsAt = starts_at,
    endsAt = ends_at, price = terms.startPrice, leaderAlias = 0, leaderMax = 0, bidCount = 0,
    aliasCount = 0, epoch = 1, seq = 0, lastAt = now, archivedEpoch = 0, archivedSeq = 0,
  }
  emit('scheduled', nil, '"userId":"' .. USER .. '","key":' .. json_string(KEY) .. ',"fingerprint":"'
    .. FINGERPRINT .. '","creation":' .. ARGV[12] .. ',"startsAt":' .. digits(starts_at)
    .. ',"endsAt":' .. digits(ends_at) .. ',"hardEndsAt":' .. digits(hard_ends_at), SALT)
  start_and_end_on_time()
  return 'OK', digits(auction.epoch) .. '|' .. digits(auction.seq) .. '|' .. digits(now) .. '|' .. state_json()
end

local bidder = nil -- {alias, bids, maximum} of the user whose bid was accepted
local displaced = nil -- the leader whom the bid has beaten

local function place_bid(offered)
  if auction.status == 'scheduled' then return 'AUCTION_NOT_STARTED', '' end
  if auction.status == 'ended' then return 'AUCTION_ENDED', '' end
  local was_leader = USER == auction.leader
  if not was_leader and offered < minimum_bid() then return 'BID_TOO_LOW', digits(minimum_bid()) end
  if was_leader and offered <= auction.leaderMax then return 'MAX_NOT_RAISED', '' end

  local record = redis.call('HGET', BIDDERS, USER)
  if not record then
    auction.aliasCount = auction.aliasCount + 1
    record = digits(auction.aliasCount) .. '|0|0'
  end
  local alias, bids, maximum = string.match(record, '^(%d+)|(%d+)|(%d+)$')
  bidder = { alias = tonumber(alias), bids = tonumber(bids), maximum = math.max(tonumber(maximum), offered) }
  local leader_before, beaten = auction.leader, auction.leaderMax
  if was_leader or offered > beaten then
    auction.leader, auction.leaderAlias, auction.leaderMax = USER, bidder.alias, offered
    if not was_leader and leader_before ~= '' then
      auction.price = math.min(offered, beaten + increment_at(beaten))
      displaced = leader_before
    end
  else
    auction.price = math.min(beaten, offered + increment_at(offered))
  end
  local members = '"userId":"' .. USER .. '","bidId":"' .. BID_ID .. '","alias":' .. digits(bidder.alias)
    .. ',"maxAmount":' .. digits(offered) .. ',"key":' .. json_string(KEY)
    .. ',"fingerprint":"' .. FINGERPRINT .. '"'
  if was_leader then
    emit('no_change', nil, members, SALT)
  else
    bidder.bids = bidder.bids + 1
    auction.bidCount = auction.bidCount + 1
    emit('bid', { bidder.alias, math.min(offered, auction.price) }, members, SALT)
  end
  return 'OK', table.concat({
    BID_ID, digits(auction.epoch), digits(auction.seq), auction.leader == USER and 'leading' or 'outbid',
    digits(bidder.alias), digits(auction.price), digits(minimum_bid()), digits(auction.endsAt), digits(now),
  }, '|')
end

-- By `user:key` an accepted command's answer; by `user:` the refusals, the newest first.
local function write_answer(code, body)
  local record = FINGERPRINT .. '|' .. code .. '|' .. body
  if code == 'OK' then
    redis.call('HSET', ANSWERS, USER .. ':' .. KEY, record)
  else
    local before = redis.call('HGET', ANSWERS, USER .. ':') or ''
    redis.call('HSET', ANSWERS, USER .. ':', '\t' .. KEY .. '\t' .. record .. '\n' .. before)
  end
end

local function write_creation()
  local constant = { 'archivedEpoch', '0', 'archivedSeq', '0', 'publishedSeq', '0' }
  for _, name in ipairs(CONSTANT_FIELDS) do
    constant[#constant + 1] = name
    constant[#constant + 1] = as_text(auction[name])
  end
  redis.call('HSET', AUCTION, unpack(constant))
  redis.call('HSET', KEYS[4], auction.itemId, ID)
  redis.call('HSET', KEYS[10], 'json', ARGV[14], 'sellerId', auction.sellerId)
end

local function write_state()
  if stored.seq == nil then write_creation() end
  auction.lastAt = now
  local changes = { 'state', state_json() }
  for _, name in ipairs(CHANGING_FIELDS) do
    if auction[name] ~= stored[name] then
      changes[#changes + 1] = name
      changes[#changes + 1] = as_text(auction[name])
    end
  end
  redis.call('HSET', AUCTION, unpack(changes))
  if bidder then
    redis.call('HSET', BIDDERS, USER,
      digits(bidder.alias) .. '|' .. digits(bidder.bids) .. '|' .. digits(bidder.maximum))
  end
end

-- The lists by status; a changed due time is told to the keepers.
local function write_index()
  if auction.status == stored.status and auction.endsAt == stored.endsAt then return end
  if stored.status and stored.status ~= auction.status then
    redis.call('ZREM', INDEX_KEYS[stored.status], ID)
  end
  local due = auction.status == 'scheduled' and auction.startsAt or auction.endsAt
  redis.call('ZADD', INDEX_KEYS[auction.status], digits(auction.status == 'ended' and now or due), ID)
  if auction.status == 'ended' then
    redis.call('HDEL', KEYS[4], auction.itemId)
  else
    redis.call('SPUBLISH', ARGV[2], ID .. ' ' .. digits(due))
  end
end

local function publish_notices()
  local notices = {}
  local function tell(kind, user, more)
    notices[#notices + 1] = '{"type":"' .. kind .. '","userId":"' .. user .. '","auctionId":"' .. ID
      .. '"' .. more .. '}'
  end
  local price = ',"price":' .. digits(auction.price)
  if bidder then tell('own', USER, '') end
  if displaced then tell('outbid', displaced, price .. ',"minimumBid":' .. digits(minimum_bid())) end
  if auction.outcome == 'sold' and stored.status ~= 'ended' then tell('won', auction.leader, price) end
  if #notices > 0 then redis.call('SPUBLISH', ARGV[1], '[' .. table.concat(notices, ',') .. ']') end
end

load_auction()
if auction then
  now = math.max(now, auction.lastAt)
  start_and_end_on_time()
end
local code, body
if ARGV[11] == '' then code, body = create() else code, body = place_bid(tonumber(ARGV[11])) end

-- The log comes first, for it is what everything else tells of.
if #lines > 0 then
  redis.call('XADD', LOG, digits(auction.seq) .. '-0', 'epoch', digits(auction.epoch),
    'events', table.concat(lines, '\n'))
  write_state()
end
write_answer(code, body)
if #lines > 0 then
  local caught_up = stored.seq == nil
    or (stored.archivedEpoch == stored.epoch and stored.archivedSeq == stored.seq)
  if caught_up then redis.call('ZADD', KEYS[5], 'NX', digits(now + 1000), ID) end
  write_index()
  redis.call('SPUBLISH', ARGV[3], '{"auctionId":"' .. ID
    .. '","epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"events":[' .. table.concat(public_events, ',') .. '],"state":' .. state_json()
    .. ',"serverTime":"' .. iso(now) .. '"}')
  publish_notices()
end
return code .. '|' .. body
