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

-- `creation_text` is the JSON of `Creation` (shared/contracts/events.ts), kept as it came in the
-- first event; `terms_text` the public terms without the closing brace.
local function create(command, auction_id, creation_text, terms_text, item_is_busy, run_id)
  local terms = cjson.decode(creation_text)
  local starts_at = math.max(terms.startsAt, now)
  local ends_at = terms.endsAt > 0 and terms.endsAt or starts_at + terms.durationMs
  local hard_ends_at = terms.hardEndsAt > 0 and terms.hardEndsAt
    or ends_at + DEFAULT_HARD_END_AFTER_MS
  if ends_at <= starts_at then return 'END_NOT_AFTER_START' end
  if hard_ends_at < ends_at then return 'HARD_END_BEFORE_END' end
  if item_is_busy then return 'ITEM_BUSY' end
  auction = {
    id = auction_id, status = 'scheduled', outcome = '', itemId = terms.item.id,
    sellerId = terms.sellerId, leader = '', increments = terms.increments, runId = run_id,
    terms = terms_text .. ',"startsAt":"' .. iso_of(starts_at) .. '"}',
    startPrice = terms.startPrice, reservePrice = terms.reservePrice,
    buyNowPrice = terms.buyNowPrice, softWindowMs = terms.softWindowMs,
    softExtendMs = terms.softExtendMs, hardEndsAt = hard_ends_at, startsAt = starts_at,
    endsAt = ends_at, price = terms.startPrice, leaderAlias = 0, leaderMax = 0, bidCount = 0,
    aliasCount = 0, epoch = 1, seq = 0, lastAt = now, archivedEpoch = 0, archivedSeq = 0,
  }
  emit('scheduled', nil, seller_members(command) .. ',"creation":' .. creation_text
    .. ',"startsAt":' .. digits(starts_at) .. ',"endsAt":' .. digits(ends_at)
    .. ',"hardEndsAt":' .. digits(hard_ends_at), command.salt)
  return nil
end
