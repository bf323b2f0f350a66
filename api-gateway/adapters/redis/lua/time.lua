-- What passing time does to an auction. Whichever call finds a time passed acts on it.

local passing = {}

function passing.start_and_end(auction, now, salt)
  if auction.status == 'scheduled' and now >= auction.starts_at then
    auction.status = 'live'
    auctions.emit(auction, 'started ', auctions.secret(auction, salt))
  end
  if auction.status == 'live' and now >= auction.ends_at then
    auction.status = 'ended'
    auction.outcome = auction.leader == '' and 'no_bids'
      or auctions.is_reserve_met(auction) and 'sold' or 'reserve_not_met'
    auctions.emit(auction, 'ended ', auctions.secret(auction, salt))
  end
end

-- A Redis server with another run id may have lost the newest writes. What it still has is kept
-- and goes on under a higher epoch; nothing follows the end of an auction, so that needs none.
-- Epochs are numbered by the clock, in seconds: the event that began one may itself be lost, and
-- its number must not come again with other content. So each names its parent too.
function passing.start_epoch(auction, now, salt, run_id)
  if auction.status ~= 'scheduled' and auction.status ~= 'live' then return end
  local parent, fork = auction.epoch, auction.seq
  auction.run_id = run_id
  auction.epoch = math.max(parent + 1, math.floor(now / 1000))
  auctions.emit(auction, 'epoch ' .. digits[parent] .. ' ',
    auctions.secret(auction, salt) .. ' ' .. digits[fork])
end
