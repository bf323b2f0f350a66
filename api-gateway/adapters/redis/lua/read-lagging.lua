-- One look at an auction whose archive lags: its watermarks and a part of its log. Puts off its next
-- turn, and ends its turns when the archive has caught up or the auction is gone.
--
-- KEYS   1 auction hash   2 log stream   3 lagging zset
-- ARGV   1 auction id     2 pause until the next turn in ms; '': as it was
--        3 read the log after this seq; '': after the published watermark
--        4 read at most so many entries
-- Reply  {} when it lags no more, else
--        {now ms, published seq, archived seq, blocked 0 or 1, is there more 0 or 1,
--         events not published, events not archived, the fields of an entry, …}
--        The first entry is the oldest that is not archived, whether it is read or not.

local MAX_ENTRIES = tonumber(ARGV[4])
local MAX_BYTES = 256 * 1024
local MAX_ENTRIES_A_READ = 16

local epoch, seq = position_of(KEYS[1])
local marks = redis.call('HMGET', KEYS[1], 'publishedSeq', 'archivedEpoch', 'archivedSeq', 'blocked')
local archived_in_epoch = epoch and marks[2] == epoch
if not epoch or (archived_in_epoch and tonumber(marks[3]) >= tonumber(seq)) then
  redis.call('ZREM', KEYS[3], ARGV[1])
  return {}
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[2] ~= '' then
  -- XX: the archive may have taken it out already.
  redis.call('ZADD', KEYS[3], 'XX', string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
end

local published = marks[1] or '0'
-- What an older epoch has archived is archived.
local archived = marks[3] or '0'
local reply = {
  string.format('%.0f', now), published, archived_in_epoch and archived or '0',
  marks[4] and '1' or '0', '1',
  string.format('%.0f', math.max(0, tonumber(seq) - tonumber(published))),
  string.format('%.0f', math.max(0, tonumber(seq) - tonumber(archived))),
}
local oldest = redis.call('XRANGE', KEYS[2], '(' .. archived .. '-0', '+', 'COUNT', '1')[1]
if oldest then reply[#reply + 1] = oldest[2] end
local after = '(' .. (ARGV[3] ~= '' and ARGV[3] or published) .. '-0'
local count, bytes = 0, 0
local is_all_read = ARGV[3] == '' and tonumber(published) >= tonumber(seq)
if is_all_read then reply[5] = '0' end
while not is_all_read and count < MAX_ENTRIES and bytes < MAX_BYTES do
  -- As many as there is room for, if they are like those before.
  local wanted = count == 0 and 1 or math.max(1, math.min(MAX_ENTRIES_A_READ,
    math.floor((MAX_BYTES - bytes) * count / math.max(bytes, 1))))
  local entries = redis.call('XRANGE', KEYS[2], after, '+', 'COUNT', wanted)
  for _, entry in ipairs(entries) do
    reply[#reply + 1] = entry[2]
    count = count + 1
    bytes = bytes + #entry[2][2] + #entry[2][4]
    after = '(' .. entry[1]
  end
  if #entries < wanted then
    reply[5] = '0'
    break
  end
end
return reply
