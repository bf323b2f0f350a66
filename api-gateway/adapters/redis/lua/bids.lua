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
