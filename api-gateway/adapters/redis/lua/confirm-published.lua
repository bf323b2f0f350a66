-- Moves an auction's "published" watermark: up to it, every entry of the log has JetStream's receipt.
-- Receipts can arrive in any order; ranges above the watermark are remembered until they join.
--
-- KEYS   1 auction hash   2 log stream
-- ARGV   epoch first last, for each published entry
-- Reply  the watermark's seq

local MAX_REMEMBERED = 64 -- beyond that the keeper publishes again, JetStream drops the duplicate

local fields = redis.call('HMGET', KEYS[1], 'epoch', 'publishedSeq', 'publishedAhead', 'seq')
if not fields[1] then return '0' end
local epoch = fields[1]
local watermark = tonumber(fields[2] or '0')
local ahead = {}
for first, last in string.gmatch(fields[3] or '', '(%d+)-(%d+)') do
  ahead[#ahead + 1] = { tonumber(first), tonumber(last) }
end

-- A Redis that was restarted may have lost the entry. One of this epoch it has up to its own seq,
-- one of an older epoch only when the log kept it through the restart.
local function is_in_log(entry_epoch, last)
  if entry_epoch == epoch then return tonumber(last) <= tonumber(fields[4]) end
  local kept = redis.call('XRANGE', KEYS[2], last .. '-0', last .. '-0')[1]
  return kept ~= nil and kept[2][2] == entry_epoch
end

for i = 1, #ARGV, 3 do
  local first, last = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if last > watermark and is_in_log(ARGV[i], ARGV[i + 2]) then ahead[#ahead + 1] = { first, last } end
end
table.sort(ahead, function(a, b) return a[1] < b[1] end)

local remembered = {}
for _, range in ipairs(ahead) do
  if range[1] <= watermark + 1 then
    watermark = math.max(watermark, range[2])
  elseif #remembered < MAX_REMEMBERED then
    remembered[#remembered + 1] = string.format('%.0f-%.0f', range[1], range[2])
  end
end
redis.call('HSET', KEYS[1], 'publishedSeq', string.format('%.0f', watermark),
  'publishedAhead', table.concat(remembered, ','))
return string.format('%.0f', watermark)
