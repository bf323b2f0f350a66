-- What passing time does to an auction. Whichever call finds a time passed acts on it.

local function outcome_now()
  if auction.leader == '' then return 'no_bids' end
  return reserve_met() and 'sold' or 'reserve_not_met'
end

local function start_and_end_on_time()
  if auction.status == 'scheduled' and now >= auction.startsAt then
    auction.status = 'live'
    emit('started', nil, '', salt_of_call)
  end
  if auction.status == 'live' and now >= auction.endsAt then
    auction.status = 'ended'
    auction.outcome = outcome_now()
    emit('ended', nil, '', salt_of_call)
  end
end

-- A Redis server with another run id may have lost the newest writes. What it still has is kept
-- and goes on under a higher epoch; nothing follows the end of an auction, so that needs none.
-- Epochs are numbered by the clock, in seconds: the event that began one may itself be lost, and
-- its number must not come again with other content. So each names its parent too.
local function start_epoch_if_redis_restarted(run_id)
  if auction.runId == run_id then return end
  if auction.status ~= 'scheduled' and auction.status ~= 'live' then return end
  local parent, fork = auction.epoch, auction.seq
  auction.runId = run_id
  auction.epoch = math.max(parent + 1, math.floor(now / 1000))
  emit('epoch', nil, '"fork":' .. digits(fork), salt_of_call, parent)
end
