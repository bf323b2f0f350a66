#!lua flags=allow-oom
-- The archive has sealed an auction: it has all of it. From here on the auction's keys may be
-- forgotten, a grace period from now. Works in a full Redis: it is what gives memory back.
--
-- KEYS   1 auction hash   2 sealed zset
-- ARGV   1 auction id     2 epoch and 3 seq of the last sealed event     4 grace period, ms
-- Reply  'sealed', also when it was before; 'gone' when the auction is not here; 'differs' when
--        its last event here is another one

local fields = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'sealedAt')
if not fields[1] then return 'gone' end
if fields[1] ~= ARGV[2] or fields[2] ~= ARGV[3] then return 'differs' end
if fields[3] then return 'sealed' end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'sealedAt', string.format('%.0f', now))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[4])), ARGV[1])
return 'sealed'
