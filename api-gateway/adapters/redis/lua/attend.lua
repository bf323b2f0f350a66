-- Notes that a gateway attends to a shard, as long as its data is whole: only then can anybody bid.
--
-- KEYS   1 the shard's marker   Reply 1 when it is whole, else 0

local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if redis.call('GET', KEYS[1]) ~= run_id then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
attendance.note(string.match(KEYS[1], '^[^}]*}'), now, 1000)
return 1
