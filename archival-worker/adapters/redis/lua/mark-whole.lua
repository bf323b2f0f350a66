-- Marks a shard's data as whole on the server that runs this.
--
-- KEYS   1 the marker   2 when gateways attended to the shard
-- ARGV   1 run id of the server on which a marked shard was checked; '' for a shard that was filled
-- Reply  1 when the marker is set; 0 when another server holds the shard by now, or the marker of the
--        checked shard is gone

local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if ARGV[1] ~= '' and (ARGV[1] ~= run_id or redis.call('EXISTS', KEYS[1]) == 0) then return 0 end
-- Whoever could not bid while the shard was filled gets a grace: attendance.lua takes it for an outage.
if ARGV[1] == '' then redis.call('HSET', KEYS[2], 'at', '0') end
redis.call('SET', KEYS[1], run_id)
return 1
