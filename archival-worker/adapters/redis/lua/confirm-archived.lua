#!lua flags=allow-oom
-- Moves an auction's "archived" watermark: the history as of that epoch is in Postgres without a
-- gap up to that seq. It only ever rises. What is archived counts as published too, and its entries
-- may leave the log, except the newest: viewers who missed something read those. Needs no memory to
-- speak of, so it works in a full Redis: it is what makes room.
--
-- KEYS   1 auction hash   2 behind zset   3 log stream
-- ARGV   1 auction id     2 epoch     3 seq
-- Reply  1 when the watermark rose, else 0

local KEPT_EVENTS = 2000 -- as many as broadcast-service sends to a viewer who comes back

local auction_id, epoch, seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local fields = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'archivedEpoch', 'archivedSeq',
  'publishedSeq')
if not fields[1] then return 0 end
local own_epoch, own_seq = tonumber(fields[1]), tonumber(fields[2])
local archived_epoch, archived_seq = tonumber(fields[3] or '0'), tonumber(fields[4] or '0')

local rises = epoch > archived_epoch or (epoch == archived_epoch and seq > archived_seq)
if rises then
  redis.call('HSET', KEYS[1], 'archivedEpoch', ARGV[2], 'archivedSeq', ARGV[3])
end
if rises and epoch == own_epoch then
  -- A Redis that lost its newest writes may be behind the archive: only what it has counts.
  local kept_seq = math.min(seq, own_seq)
  if kept_seq > tonumber(fields[5] or '0') then
    redis.call('HSET', KEYS[1], 'publishedSeq', string.format('%.0f', kept_seq))
  end
  -- An entry's id is the seq of its last event.
  local keep_from = math.min(kept_seq, own_seq - KEPT_EVENTS) + 1
  if keep_from > 1 then
    redis.call('XTRIM', KEYS[3], 'MINID', '~', string.format('%.0f-0', keep_from))
  end
end
-- Also where nothing rose: the auction may have been put there again since.
if epoch == own_epoch and seq == own_seq then redis.call('ZREM', KEYS[2], auction_id) end
return rises and 1 or 0
