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
