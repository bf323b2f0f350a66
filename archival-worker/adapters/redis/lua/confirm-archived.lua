#!lua flags=allow-oom
-- Moves an auction's "archived" watermark: the history as of that epoch is in Postgres without a
-- gap up to that seq. It only ever rises. Needs no memory to speak of, so it works in a full
-- Redis: it is what lets the log be trimmed.
--
-- KEYS   1 auction hash   2 behind zset
-- ARGV   1 auction id     2 epoch     3 seq
-- Reply  1 when the watermark rose, else 0

local auction_id, epoch, seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local fields = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'archivedEpoch', 'archivedSeq')
if not fields[1] then return 0 end
local own_epoch, own_seq = tonumber(fields[1]), tonumber(fields[2])
local archived_epoch, archived_seq = tonumber(fields[3] or '0'), tonumber(fields[4] or '0')

local rises = epoch > archived_epoch or (epoch == archived_epoch and seq > archived_seq)
if rises then
  redis.call('HSET', KEYS[1], 'archivedEpoch', ARGV[2], 'archivedSeq', ARGV[3])
end
-- Also where nothing rose: the auction may have been put there again since.
if epoch == own_epoch and seq == own_seq then redis.call('ZREM', KEYS[2], auction_id) end
return rises and 1 or 0
