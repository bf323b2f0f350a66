-- What passing time does to an auction. Whichever call finds a time passed acts on it.

local passing = {}

-- What time and another server do to an auction before anything else; answers the instant that counts.
function passing.catch_up(auction, asked, now, is_visit)
  now = math.max(now, auction.last_at)
  if auction.sale_id then sales.join(auction, asked) end
  if auction.run_id ~= asked.run_id then
    passing.start_epoch(auction, now, asked.salt, asked.run_id)
    absentees.begin_epoch(asked, now)
  end
  passing.start_and_end(auction, now, asked.salt, asked, is_visit)
  return now
end

-- `is_visit`: a call without a command, which also looks whether an outage asks for a later end.
function passing.start_and_end(auction, now, salt, asked, is_visit)
  if auction.status == 'scheduled' and now >= auction.starts_at then
    auction.status = 'live'
    auction.has_started = true
    auctions.emit(auction, 'started ', auctions.secret(auction, salt))
    absentees.apply(auction, asked, now)
  end
  if auction.status == 'live' and auction.grace_ms > 0 and (is_visit or now >= auction.ends_at) then
    attendance.grant_grace(auction, salt, asked)
  end
  if auction.status == 'live' and now >= auction.ends_at then
    auction.status = 'ended'
    auctions.set_outcome(auction)
    auctions.emit(auction, 'ended ', auctions.secret(auction, salt))
  end
end

-- A Redis server with another run id may have lost the newest writes. What it still has is kept
-- and goes on under a higher epoch; nothing follows the end of an auction, so that needs none.
-- Epochs are numbered by the clock, in seconds: the event that began one may itself be lost, and
-- its number must not come again with other content. So each names its parent too.
function passing.start_epoch(auction, now, salt, run_id)
  if auction.status == 'ended' or auction.status == 'cancelled' then return end
  local parent, fork = auction.epoch, auction.seq
  auction.run_id = run_id
  auction.epoch = math.max(parent + 1, math.floor(now / 1000))
  auctions.emit(auction, 'epoch ' .. digits[parent] .. ' ',
    auctions.secret(auction, salt) .. ' ' .. digits[fork])
end
