-- Puts off the keeper's next look at an auction whose archive lags.
--
-- KEYS   1 behind zset   2 auction hash
-- ARGV   1 auction id    2 pause in ms
-- Reply  1 when it will be looked at again, 0 when the auction is gone

if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 0
end
local time = redis.call('TIME')
local again = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2])
-- XX: the archive may have caught up meanwhile, then the auction must stay out.
redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', again), ARGV[1])
return 1
