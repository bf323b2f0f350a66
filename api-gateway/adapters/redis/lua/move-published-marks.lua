-- Moves the "published" watermark of auctions of a shard: up to it, every entry of the log has
-- JetStream's receipt. Receipts can arrive in any order; ranges above the watermark are remembered
-- until they join.
--
-- KEYS   for each auction: auction hash, log stream
-- ARGV   for each auction: number of entries, and for each entry: epoch, first seq, last seq
-- Reply  '' or, where data of an auction is wrong, the last error; the others are done all the same

local MAX_REMEMBERED = 64 -- beyond that the keeper publishes again, JetStream drops the duplicate

-- A Redis that was restarted may have lost the entry. One of this epoch it has up to its own seq,
-- one of an older epoch only when the log kept it through the restart.
local function is_in_log(log_key, auction, entry_epoch, last)
  if entry_epoch == auction.epoch then return tonumber(last) <= auction.seq end
  local kept = redis.call('XRANGE', log_key, last .. '-0', last .. '-0')[1]
  return kept ~= nil and epoch_of(kept[2]) == entry_epoch
end

local function confirm(auction_key, log_key, args_before, count)
  local epoch, seq = position_of(auction_key)
  if not epoch then return end
  local auction = { epoch = epoch, seq = tonumber(seq) }
  local fields = redis.call('HMGET', auction_key, 'publishedSeq', 'publishedAhead')
  local watermark = tonumber(fields[1] or '0')
  local ahead = {}
  for first, last in string.gmatch(fields[2] or '', '(%d+)-(%d+)') do
    ahead[#ahead + 1] = { tonumber(first), tonumber(last) }
  end

  for i = args_before + 1, args_before + 3 * count, 3 do
    local first, last = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    if last > watermark and is_in_log(log_key, auction, ARGV[i], ARGV[i + 2]) then
      ahead[#ahead + 1] = { first, last }
    end
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
  redis.call('HSET', auction_key, 'publishedSeq', string.format('%.0f', watermark),
    'publishedAhead', table.concat(remembered, ','))
end

local failure = ''
local args_before = 0
for i = 1, #KEYS, 2 do
  local count = tonumber(ARGV[args_before + 1])
  local confirmed, reason = pcall(confirm, KEYS[i], KEYS[i + 1], args_before + 1, count)
  if not confirmed then failure = type(reason) == 'table' and reason.err or tostring(reason) end
  args_before = args_before + 1 + 3 * count
end
return failure
