-- How far publishing and archiving are behind, over some auctions of one shard.
--
-- KEYS   auction hash, log stream; of each auction
-- Reply  {now ms, events without JetStream's receipt, `at` of the oldest or '',
--         events that are not archived, `at` of the oldest or ''}

local unpublished, unarchived = { events = 0, oldest = '' }, { events = 0, oldest = '' }

local function add(lag, log, watermark, seq)
  if seq <= watermark then return end
  lag.events = lag.events + seq - watermark
  local after = string.format('(%.0f-0', watermark)
  local entry = redis.call('XRANGE', log, after, '+', 'COUNT', '1')[1]
  local at = entry and string.match(entry[2][4], '"at":"([^"]+)"')
  -- Texts of this form are ordered as the times they name.
  if at and (lag.oldest == '' or at < lag.oldest) then lag.oldest = at end
end

for i = 1, #KEYS, 2 do
  local fields = redis.call('HMGET', KEYS[i], 'seq', 'publishedSeq', 'archivedSeq')
  if fields[1] then
    local seq = tonumber(fields[1])
    add(unpublished, KEYS[i + 1], tonumber(fields[2] or '0'), seq)
    add(unarchived, KEYS[i + 1], tonumber(fields[3] or '0'), seq)
  end
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return {
  string.format('%.0f', now),
  string.format('%.0f', unpublished.events), unpublished.oldest,
  string.format('%.0f', unarchived.events), unarchived.oldest,
}
