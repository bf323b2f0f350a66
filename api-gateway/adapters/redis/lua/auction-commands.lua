-- What is asked of an auction besides bids: create, read, absentee bids, and what manages it. What decides
-- gives a refusal code, or nil and the receipt.

local auction_commands = {}

function auction_commands.auction_receipt(auction, now)
  return digits[auction.epoch] .. ' ' .. digits[auction.seq] .. ' ' .. digits[now] .. ' '
    .. auctions.state(auction)
end

function auction_commands.own_receipt(auction, asked, user)
  local bidder = asked.bidders[user]
  if not bidder then
    local _, left = absentees.find(asked, user)
    return '0 0 ' .. (left and digits[left.maximum] or '0') .. ' 0'
  end
  return digits[bidder.alias] .. (auction.leader == user and ' 1 ' or ' 0 ')
    .. digits[bidder.maximum] .. ' ' .. digits[bidder.bids]
end

function auction_commands.leave_bid(auction, asked, command, now)
  local code = absentees.leave(auction, asked, command, now)
  if code then return code end
  return nil, command.bid_id .. ' ' .. digits[auction.epoch] .. ' ' .. digits[auction.seq]
    .. ' scheduled 0 ' .. digits[auction.price] .. ' ' .. (auction.least and digits[auction.least] or '-')
    .. ' ' .. digits[auction.ends_at] .. ' ' .. digits[now]
end

-- Whether the numbers of a command are what its kind needs.
function auction_commands.numbers_fit(kind, amount, maximum)
  if kind == 'extend' then return selling.is_time(amount) and maximum == 0 end
  if kind == 'remove' then return amount > 0 and maximum == 0 end
  if kind == 'approve' or kind == 'refuse' or kind == 'block' then return amount > 0 end
  return amount == 0 and maximum == 0
end

-- The commands of a seller or an admin, which `selling` decides.
auction_commands.MANAGING = { cancel = true, extend = true, pause = true, resume = true, remove = true }

function auction_commands.decide(auction, asked, command, now)
  local kind = command.kind
  if kind == 'me' or kind == 'withdraw' then
    local code = kind == 'withdraw' and absentees.withdraw(asked, command, now) or nil
    return code, auction_commands.own_receipt(auction, asked, command.user)
  end
  local code = auction_commands.MANAGING[kind] and selling[kind](auction, command, now, asked)
  return code, auction_commands.auction_receipt(auction, now)
end

-- Gives the auction too, when it is there then.
function auction_commands.create(asked, command, now)
  local code, auction = selling.create(command, asked, now)
  if not auction then return code end
  passing.start_and_end(auction, now, asked.salt, asked)
  return nil, auction_commands.auction_receipt(auction, now), auction
end
