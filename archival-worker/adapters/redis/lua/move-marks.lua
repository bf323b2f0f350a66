#!lua flags=allow-oom
-- Moves one kind of the archive's marks on auctions of a shard. Wrong data of one auction leaves the
-- others alone, and an auction that is not here stays so. Works in a full Redis: it is what makes
-- room.
--
-- KEYS   1 lagging zset   2 sealed zset   then, of each auction: auction hash, log stream
-- ARGV   1 mark: archived, blocked, unblocked, closed or sealed
--        2 how long a sealed auction is kept, ms
--        then, of each auction: id, epoch, seq ('' where the mark has no place)
-- Reply  of each auction: 'moved', also where it had moved before; 'gone' when it is not here;
--        'differs' when its last event is not the closed or sealed one; else what is wrong with its data

local KEPT_EVENTS = 2000 -- as many as broadcast-service sends to a viewer who comes back

local lagging_key, sealed_key = KEYS[1], KEYS[2]
local kept_ms = tonumber(ARGV[2])

-- Epoch and seq of the newest event; nothing when the auction is not here.
local function newest_place(auction_key)
  local fields = redis.call('HMGET', auction_key, 'shown', 'epoch', 'seq')
  local epoch, seq = fields[2], fields[3] -- of an auction that version 1 wrote
  if fields[1] then epoch, seq = string.match(fields[1], '^(%d+) (%d+)') end
  return tonumber(epoch), tonumber(seq)
end

local moves = {}

-- The history as of that epoch is in Postgres without a gap up to that seq. The mark only ever
-- rises. What is archived counts as published too, and its entries may leave the log, except the
-- newest: viewers who missed something read those.
function moves.archived(auction, epoch, seq)
  local marks = redis.call('HMGET', auction.key, 'archivedEpoch', 'archivedSeq', 'publishedSeq')
  local archived_epoch, archived_seq = tonumber(marks[1] or '0'), tonumber(marks[2] or '0')
  local is_own = epoch == auction.epoch
  if epoch > archived_epoch or (epoch == archived_epoch and seq > archived_seq) then
    -- A Redis that lost its newest writes may be behind the archive: only what it has counts.
    local kept_seq = math.min(seq, auction.seq)
    local published = tonumber(marks[3] or '0')
    if is_own then published = math.max(published, kept_seq) end
    redis.call('HSET', auction.key, 'archivedEpoch', string.format('%.0f', epoch),
      'archivedSeq', string.format('%.0f', seq),
      'publishedSeq', string.format('%.0f', published))
    -- An entry's id is the seq of its last event.
    local keep_from = math.min(kept_seq, auction.seq - KEPT_EVENTS) + 1
    if is_own and keep_from > 1 then
      redis.call('XTRIM', auction.log_key, 'MINID', '~', string.format('%.0f-0', keep_from))
    end
  end
  -- Also where nothing rose: the auction may have been put there again since.
  if is_own and seq == auction.seq then redis.call('ZREM', lagging_key, auction.id) end
  return 'moved'
end

-- The archive has an entry that can never be stored, so the keeper must not publish it for ever.
function moves.blocked(auction)
  redis.call('HSET', auction.key, 'blocked', '1')
  return 'moved'
end

function moves.unblocked(auction)
  redis.call('HDEL', auction.key, 'blocked')
  return 'moved'
end

-- The archive is about to seal the auction, up to that last event: from now on nothing follows.
function moves.closed(auction, epoch, seq)
  if epoch ~= auction.epoch or seq ~= auction.seq then return 'differs' end
  redis.call('HSET', auction.key, 'closed', '1')
  return 'moved'
end

-- The archive has proved that it has all of the auction, up to that last event.
function moves.sealed(auction, epoch, seq)
  if epoch ~= auction.epoch or seq ~= auction.seq then return 'differs' end
  if redis.call('HMGET', auction.key, 'sealedAt')[1] then return 'moved' end
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('HSET', auction.key, 'sealedAt', string.format('%.0f', now))
  redis.call('ZADD', sealed_key, string.format('%.0f', now + kept_ms), auction.id)
  return 'moved'
end

local move = moves[ARGV[1]]
local function move_one(n)
  local auction = { key = KEYS[1 + 2 * n], log_key = KEYS[2 + 2 * n], id = ARGV[3 * n] }
  auction.epoch, auction.seq = newest_place(auction.key)
  if not auction.epoch then return 'gone' end
  return move(auction, tonumber(ARGV[3 * n + 1]), tonumber(ARGV[3 * n + 2]))
end

local reply = {}
for n = 1, (#KEYS - 2) / 2 do
  local done, answer = pcall(move_one, n)
  reply[n] = not done and type(answer) == 'table' and answer.err or answer
end
return reply
