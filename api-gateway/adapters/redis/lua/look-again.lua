-- Sets the next turn of an auction whose archive lags.
--
-- KEYS   1 lagging zset   ARGV 1 auction id  2 pause in ms   Reply 0

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- XX: the archive may have taken it out already.
return redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
