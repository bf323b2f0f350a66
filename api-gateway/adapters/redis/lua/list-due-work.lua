-- The auctions of a shard whose archive lags and that have their turn, and those that may be
-- forgotten.
--
-- KEYS   1 lagging zset   2 sealed zset   3 the lagging zset of version 1
-- ARGV   1 at most so many of each
-- Reply  {{lagging auction ids}, {forgettable auction ids}}

if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('ZUNIONSTORE', KEYS[1], '2', KEYS[1], KEYS[3], 'AGGREGATE', 'MIN')
  redis.call('DEL', KEYS[3])
end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
return {
  redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', '0', ARGV[1]),
  redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', '0', ARGV[1]),
}
