-- Notes that a user has signed out everywhere, by Redis's clock.
--
-- KEYS   1 the marks
-- ARGV   1 the user's mark   2 ms that a mark is kept   3 how many are kept at most
-- Reply  now, ms

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], 'GT', string.format('%d', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now - tonumber(ARGV[2])))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
return string.format('%d', now)
