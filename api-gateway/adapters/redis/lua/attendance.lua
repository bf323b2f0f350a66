-- Whether the engine attends to a shard: every gateway says every two seconds that it does. Where nobody
-- did for longer than ten seconds the engine was away, and nobody could bid.
--
-- <shard>:attended is a hash of times in ms: at, when somebody last attended; awayAt and backAt, when the
-- last outage began and ended.

local attendance = {}

attendance.LONGEST_GAP_MS = 10000

-- Notes that somebody attends now, when the last note is older than so long. Answers when the last outage
-- began and ended, 0 and 0 without one.
function attendance.note(tag, now, older_than_ms)
  local key = tag .. KEY.attended
  local times = redis.call('HMGET', key, 'at', 'awayAt', 'backAt')
  local at, away_at, back_at = tonumber(times[1] or now), tonumber(times[2] or 0), tonumber(times[3] or 0)
  if now - at > attendance.LONGEST_GAP_MS then
    -- Every open auction is now visited as after a restart. Those that an earlier outage touched and that
    -- were not yet visited still count.
    local all_visited = redis.call('DEL', tag .. KEY.epochsBegun) == 1
    away_at, back_at = (all_visited or back_at == 0) and at or away_at, now
    redis.call('HSET', key, 'awayAt', string.format('%.0f', away_at), 'backAt', string.format('%.0f', now))
  end
  if not times[1] or now - at > older_than_ms then redis.call('HSET', key, 'at', string.format('%.0f', now)) end
  return away_at, back_at
end

-- When the engine was away last and when it was back; read once in a call.
local outages = {}
function attendance.last_outage(asked)
  local outage = outages[asked.tag]
  if not outage then
    outage = { attendance.note(asked.tag, asked.called_at, 0) }
    outages[asked.tag] = outage
  end
  return outage[1], outage[2]
end

-- Nobody loses because nobody could bid: what was open when the engine was away, and would have ended
-- meanwhile or soon after, ends so long after its return.
function attendance.grant_grace(auction, salt, asked)
  local away_at, back_at = attendance.last_outage(asked)
  local ends_at = back_at + auction.grace_ms
  if auction.starts_at >= back_at or auction.ends_at < away_at or auction.ends_at >= ends_at then return end
  auction.ends_at = ends_at
  auctions.emit(auction, 'extended outage ', auctions.secret(auction, salt))
end
