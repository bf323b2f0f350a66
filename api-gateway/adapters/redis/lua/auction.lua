-- An auction: read once, changed by its commands in memory, written once at the end.
-- Amounts are minor units, times ms; 0 means "none" for amounts, '' for ids.
--
-- Redis keeps it in one hash. Packed is explained in packed.lua.
--   conditions      packed: start price, reserve price, buy-now price, soft window, soft extension,
--                   hard end before any pause, start, highest bid, grace, seller, increments
--   standing        packed: epoch, seq, price, minimum bid or 0, leader's alias, bids, end, leader's
--                   maximum, aliases given, time of the last event, paused since or 0, length of the
--                   pauses before, status, outcome or -, leader
--   shown           what of that the public may see: see shared/contracts/records.ts
--   b:<user>        packed: alias, bids, maximum, seq at which it was offered; maximum 0: removed
--   a:<user>:<key>  fingerprint and first answer to an accepted command: `fingerprint+OK receipt`
--   r:<user>        the newest refusals, see commands.lua
--   sale            a lot's sale
--   absentees       see absentees.lua
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

-- What is read of an auction before the fields that its commands need: their names, and how many.
auctions.FIELDS = 6
function auctions.fields()
  return { 'standing', 'conditions', 'runId', 'archivedEpoch', 'archivedSeq', 'sale' }
end

-- The auction that these fields hold, as it is before this call; or nil.
function auctions.read(values, asked)
  local standing, conditions = values[1], values[2]
  if not standing then return nil end
  local epoch, seq, price, least, leader_alias, bid_count, ends_at, leader_max, alias_count, last_at,
    paused_at, paused_ms, status, outcome, leader, length = struct.unpack(PACKED.standing, standing)
  local start_price, reserve_price, buy_now_price, soft_window, soft_extend, hard_ends_at, starts_at,
    highest_bid, grace_ms, seller, increments, length_of_conditions =
    struct.unpack(PACKED.conditions, conditions)
  if length ~= #standing + 1 or length_of_conditions ~= #conditions + 1 then
    error('the auction has not its form')
  end
  return {
    id = asked.id, epoch = epoch, seq = seq, status = status, outcome = outcome, price = price,
    least = least > 0 and least or nil, leader_alias = leader_alias, bid_count = bid_count,
    ends_at = ends_at, leader_max = leader_max, alias_count = alias_count, last_at = last_at,
    paused_at = paused_at, paused_ms = paused_ms, leader = leader, start_price = start_price,
    reserve_price = reserve_price, buy_now_price = buy_now_price, soft_window = soft_window,
    soft_extend = soft_extend, hard_ends_at = hard_ends_at + paused_ms, starts_at = starts_at,
    highest_bid = highest_bid > 0 and highest_bid or MAX_AMOUNT, grace_ms = grace_ms, seller = seller,
    increments = increments, run_id = values[3], stored_epoch = epoch, stored_status = status,
    stored_ends_at = ends_at, stored_leader = leader, sale_id = values[6], sale = false,
    is_archived = values[4] == digits[epoch] and values[5] == digits[seq],
    public = {}, private = {}, events = 0,
  }
end

-- The packed standing after an event at this time.
function auctions.standing(auction, now)
  return struct.pack(PACKED.standing, auction.epoch, auction.seq, auction.price, auction.least or 0,
    auction.leader_alias, auction.bid_count, auction.ends_at, auction.leader_max, auction.alias_count,
    now, auction.paused_at, auction.paused_ms, auction.status, auction.outcome, auction.leader)
end

-- An increment table from its text: from, by, from, by …
local increments_of = setmetatable({}, {
  __index = function(known, text)
    local rows = {}
    for number in string.gmatch(text, '%d+') do rows[#rows + 1] = tonumber(number) end
    known[text] = rows
    return rows
  end,
})

-- By how much a price must be beaten.
function auctions.increment_at(auction, price)
  local rows = increments_of[auction.increments]
  for i = #rows - 1, 1, -2 do
    if rows[i] <= price then return rows[i + 1] end
  end
  return 0
end

function auctions.is_reserve_met(auction)
  return auction.reserve_price == 0
    or (auction.leader ~= '' and auction.leader_max >= auction.reserve_price)
end

function auctions.set_outcome(auction)
  auction.outcome = auction.leader == '' and 'no_bids'
    or auctions.is_reserve_met(auction) and 'sold' or 'reserve_not_met'
end

-- The least a new bidder must offer; nil when that would be above the highest bid.
function auctions.least_after(auction)
  if auction.leader == '' then return auction.start_price end
  local least = auction.price + auctions.increment_at(auction, auction.price)
  return least <= auction.highest_bid and least or nil
end

-- The public state as it is after the last event; its form is that of shared/contracts/records.ts.
function auctions.state(auction)
  local state = auction.state
  if not state then
    state = auction.status .. ' ' .. auction.outcome .. ' ' .. digits[auction.price] .. ' '
      .. (auction.least and digits[auction.least] or '-') .. ' ' .. digits[auction.leader_alias] .. ' '
      .. digits[auction.bid_count] .. (auctions.is_reserve_met(auction) and ' 1 ' or ' 0 ')
      .. digits[auction.ends_at]
    auction.state = state
  end
  return state
end

-- Numbers and writes down one event, in the same form. `words` are what its public part has before
-- the state, `private` is its private part.
function auctions.emit(auction, words, private)
  local nth = auction.events + 1
  auction.events = nth
  auction.seq = auction.seq + 1
  auction.least = auctions.least_after(auction)
  auction.state = nil
  auction.public[nth + 1] = words .. auctions.state(auction)
  auction.private[nth] = private
end

-- What the private part of every event begins with.
function auctions.secret(auction, salt)
  return salt .. ' ' .. digits[auction.leader_max] .. ' ' .. auction.leader
end
