-- What a worker must know of a shard's marker and of the server that holds the shard.
--
-- KEYS   1 the marker: run id of the server on which the shard's data was found whole
-- Reply  {marker or '', run id of this server, 1 when it was a replica until a failover, now ms}

local info = redis.call('INFO', 'server')
local run_id = string.match(info, 'run_id:(%x+)')
local replication = redis.call('INFO', 'replication')
local former = string.match(replication, 'master_replid2:(%x+)') or ''
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return {
  redis.call('GET', KEYS[1]) or '', run_id, string.find(former, '[^0]') and '1' or '0',
  string.format('%.0f', now),
}
