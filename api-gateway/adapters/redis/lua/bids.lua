-- The rules of an English auction with proxy bidding; shared/domain/auction-rules.ts states the
-- same ones. Every function here answers a refusal code, or nil after it changed the auction.

local rules = {}

-- Why nobody may bid now, whoever asks; nil when the auction is live.
function rules.closed_code(status)
  if status == 'live' then return nil end
  return status == 'scheduled' and 'AUCTION_NOT_STARTED' or status == 'paused' and 'AUCTION_PAUSED'
    or status == 'ended' and 'AUCTION_ENDED' or 'AUCTION_CANCELLED'
end

-- The user's place in the auction, with a new alias where it has none.
function rules.bidder_of(auction, bidders, user)
  local bidder = bidders[user]
  if not bidder then
    auction.alias_count = auction.alias_count + 1
    bidder = { alias = auction.alias_count, bids = 0, maximum = 0, since = 0 }
    bidders[user] = bidder
  end
  bidder.has_changed = true
  return bidder
end

-- A bidder from the packed record.
function rules.read_bidder(packed)
  local alias, bids, maximum, since, length = struct.unpack(PACKED.bidder, packed)
  if length ~= #packed + 1 then error('a bidder has not its form') end
  return { alias = alias, bids = bids, maximum = maximum, since = since, has_changed = false }
end

-- Why this user may not bid, whatever the offer; nil when the user may.
function rules.barred_code(auction, bidders, user)
  if user == auction.seller then return 'SELLER_CANNOT_BID' end
  local bidder = bidders[user]
  -- Bidders have a record from their first accepted bid on, so one without a maximum was removed.
  if bidder and bidder.maximum == 0 then return 'BIDDER_BLOCKED' end
  return auction.sale and sales.admission_code(auction.sale, user) or nil
end

-- A met reserve is the lowest price the seller takes.
function rules.lift_price_to_reserve(auction)
  if auction.price < auction.reserve_price and auctions.is_reserve_met(auction) then
    auction.price = auction.reserve_price
  end
end

function rules.lead(auction, user, alias, price, maximum)
  auction.leader = user
  auction.leader_alias = alias
  auction.price = price
  auction.leader_max = maximum
end

-- The price that a leader's maximum stands at against that of the best other bidder.
function rules.price_against(auction, leader_max, other_max)
  return math.min(leader_max, other_max + auctions.increment_at(auction, other_max))
end

function rules.soft_close(auction, now)
  if auction.soft_window > 0 and now >= auction.ends_at - auction.soft_window then
    local extended = math.min(now + auction.soft_extend, auction.hard_ends_at)
    auction.ends_at = math.max(auction.ends_at, extended)
  end
end

-- Notes an offer whose event comes next. Of equal maxima the earlier one leads. It is below an earlier
-- one only where a removal has passed that over.
function rules.offer(auction, bidder, offered)
  bidder.maximum = offered
  bidder.since = auction.seq + 1
end

-- The private part of a bidder's event.
function rules.secret(auction, command, alias)
  return command.salt .. ' ' .. digits[auction.leader_max] .. ' ' .. auction.leader .. ' ' .. command.user
    .. ' ' .. command.bid_id .. ' ' .. digits[alias] .. ' ' .. digits[command.amount] .. ' '
    .. digits[command.maximum] .. ' ' .. command.fingerprint .. ' '
    .. (command.key ~= '' and command.key or command.bid_id)
end

function rules.place_bid(auction, bidders, command, now)
  local exact = command.amount > 0
  local offered = exact and command.amount or command.maximum
  local user, leader, leader_max = command.user, auction.leader, auction.leader_max
  if auction.status ~= 'live' then return rules.closed_code(auction.status) end
  local barred = rules.barred_code(auction, bidders, user)
  if barred then return barred end
  local was_leader = user == leader
  if was_leader then
    if offered <= leader_max then return 'MAX_NOT_RAISED' end
  elseif not auction.least or offered < auction.least then
    return 'BID_TOO_LOW'
  end
  if offered > auction.highest_bid then return 'BID_TOO_HIGH' end
  if leader == '' and auction.buy_now_price > 0 and offered >= auction.buy_now_price then
    return rules.buying.sell(auction, bidders, command, now)
  end
  if auction.sale and sales.is_over_limit(auction, user, offered) then return 'OVER_LIMIT' end

  local bidder = rules.bidder_of(auction, bidders, user)
  local price_before = auction.price
  if was_leader then
    auction.leader_max = offered
    if exact then auction.price = offered end
    rules.lift_price_to_reserve(auction)
  elseif leader == '' then
    rules.lead(auction, user, bidder.alias, exact and offered or auction.start_price, offered)
    rules.lift_price_to_reserve(auction)
  elseif offered > leader_max then
    local price = exact and offered or rules.price_against(auction, offered, leader_max)
    rules.lead(auction, user, bidder.alias, price, offered)
    rules.lift_price_to_reserve(auction)
  else
    auction.price = rules.price_against(auction, leader_max, offered)
  end
  if not was_leader then rules.soft_close(auction, now) end

  rules.offer(auction, bidder, offered)
  if was_leader and auction.price == price_before then
    auctions.emit(auction, 'no_change ', rules.secret(auction, command, bidder.alias))
    return nil
  end
  bidder.bids = bidder.bids + 1
  auction.bid_count = auction.bid_count + 1
  local shown = offered < auction.price and offered or auction.price
  auctions.emit(auction, 'bid ' .. digits[bidder.alias] .. ' ' .. digits[shown] .. ' ',
    rules.secret(auction, command, bidder.alias))
  return nil
end

-- Buying at once, which few bids come to.
rules.buying = later(function(buying)
  -- Sells at the buy-now price, which ends the auction.
  function buying.sell(auction, bidders, command, now)
    local price = auction.buy_now_price
    if auction.sale and sales.is_over_limit(auction, command.user, price) then return 'OVER_LIMIT' end
    local bidder = rules.bidder_of(auction, bidders, command.user)
    rules.lead(auction, command.user, bidder.alias, price, price)
    auction.bid_count = auction.bid_count + 1
    auction.status = 'ended'
    auction.outcome = 'sold'
    auction.would_have_ended_at = auction.ends_at
    auction.ends_at = now
    bidder.bids = bidder.bids + 1
    rules.offer(auction, bidder, price)
    auctions.emit(auction, 'bought ' .. digits[bidder.alias] .. ' ' .. digits[price] .. ' ',
      rules.secret(auction, command, bidder.alias))
  end

  function buying.buy(auction, bidders, command, now)
    if auction.status ~= 'live' then return rules.closed_code(auction.status) end
    local barred = rules.barred_code(auction, bidders, command.user)
    if barred then return barred end
    if auction.buy_now_price == 0 or auction.leader ~= '' then return 'BUY_NOW_GONE' end
    return buying.sell(auction, bidders, command, now)
  end
end)
