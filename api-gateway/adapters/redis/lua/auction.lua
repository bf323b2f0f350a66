-- An auction: read once, changed by its commands in memory, written once at the end.
-- Amounts are minor units, times ms; 0 means "none" for amounts, '' for ids.
--
-- Redis keeps it in one hash. Packed are values one behind the other, as MessagePack has them:
--   conditions      packed: start price, reserve price, buy-now price, soft window, soft extension,
--                   hard end, start, seller, increments
--   standing        packed: epoch, seq, status, outcome or -, price, minimum bid or 0, leader's alias,
--                   bids, end, leader's maximum, aliases given, time of the last event, leader
--   shown           what of that the public may see: see shared/contracts/records.ts
--   b:<user>        packed: alias, bids, maximum
--   a:<user>:<key>  fingerprint, code and body of the first answer to an accepted command
--   r:<user>        the newest refusals, see commands.lua
--   runId, itemId, status, terms (the public terms, JSON), the marks of publishing and archiving,
--   and `lastAt`, see version-1.lua
--
-- Functions are fields of tables, because each call makes them anew and a function costs by the
-- locals that it uses.

local MAX_AMOUNT = 1000000000000

local auctions = {}

-- The digits of a whole number below 2^53. A call names the same few again and again, and Lua's own
-- way from number to text costs ten times as much as a look into a table.
local digits = setmetatable({}, {
  __index = function(known, number)
    local text = string.format('%d', number)
    known[number] = text
    return text
  end,
})

-- What is read of an auction before the fields that its commands need.
auctions.FIELDS = { 'standing', 'conditions', 'runId', 'archivedEpoch', 'archivedSeq' }

-- The auction that these fields hold, or nil.
function auctions.read(values, asked)
  if not values[1] then return nil end
  local unpack_values = cmsgpack.unpack
  local epoch, seq, status, outcome, price, least, leader_alias, bid_count, ends_at, leader_max,
    alias_count, last_at, leader = unpack_values(values[1])
  local start_price, reserve_price, buy_now_price, soft_window, soft_extend, hard_ends_at, starts_at,
    seller, increments = unpack_values(values[2])
  if type(leader) ~= 'string' or type(increments) ~= 'string' then
    error('the auction has not its form')
  end
  return {
    id = asked.id, epoch = epoch, seq = seq, status = status, outcome = outcome, price = price,
    least = least > 0 and least or nil, leader_alias = leader_alias, bid_count = bid_count,
    ends_at = ends_at, leader_max = leader_max, alias_count = alias_count, last_at = last_at,
    leader = leader, start_price = start_price, reserve_price = reserve_price,
    buy_now_price = buy_now_price, soft_window = soft_window, soft_extend = soft_extend,
    hard_ends_at = hard_ends_at, starts_at = starts_at, seller = seller, increments = increments,
    run_id = values[3],
    -- As it was before this call.
    stored_epoch = epoch, stored_status = status, stored_ends_at = ends_at,
    is_archived = values[4] == digits[epoch] and values[5] == digits[seq],
    public = {}, private = {}, events = 0,
  }
end

-- The packed standing after an event at this time.
function auctions.standing(auction, now)
  return cmsgpack.pack(auction.epoch, auction.seq, auction.status, auction.outcome, auction.price,
    auction.least or 0, auction.leader_alias, auction.bid_count, auction.ends_at, auction.leader_max,
    auction.alias_count, now, auction.leader)
end

-- By how much a price must be beaten.
function auctions.increment_at(auction, price)
  local increment = 0
  for from, by in string.gmatch(auction.increments, '(%d+):(%d+)') do
    if tonumber(from) > price then break end
    increment = by
  end
  return tonumber(increment)
end

function auctions.is_reserve_met(auction)
  return auction.reserve_price == 0
    or (auction.leader ~= '' and auction.leader_max >= auction.reserve_price)
end

-- The least a new bidder must offer; nil when that would be above the highest amount.
function auctions.least_after(auction)
  if auction.leader == '' then return auction.start_price end
  local least = auction.price + auctions.increment_at(auction, auction.price)
  return least <= MAX_AMOUNT and least or nil
end

-- The public state as it is now; its form is that of shared/contracts/records.ts.
function auctions.state(auction)
  return auction.status .. ' ' .. auction.outcome .. ' ' .. digits[auction.price] .. ' '
    .. (auction.least and digits[auction.least] or '-') .. ' ' .. digits[auction.leader_alias] .. ' '
    .. digits[auction.bid_count] .. (auctions.is_reserve_met(auction) and ' 1 ' or ' 0 ')
    .. digits[auction.ends_at]
end

-- Where the auction stands, as `shown` has it.
function auctions.shown(auction)
  return digits[auction.epoch] .. ' ' .. digits[auction.seq] .. ' ' .. auctions.state(auction)
end

-- Numbers and writes down one event, in the same form. `bid` is 'alias amount ' for bids, the
-- parent's number and a space for a new epoch, else ''. `more` is what the private part has besides
-- salt and leader.
function auctions.emit(auction, event_type, bid, salt, more)
  local nth = auction.events + 1
  auction.events = nth
  auction.seq = auction.seq + 1
  auction.least = auctions.least_after(auction)
  auction.public[nth + 1] = event_type .. ' ' .. bid .. auctions.state(auction)
  auction.private[nth] = salt .. ' ' .. digits[auction.leader_max] .. ' ' .. auction.leader .. more
end
