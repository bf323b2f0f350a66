-- The next places of one of a shard's lists, however many auctions share one time.
--
-- KEYS   1 the marker that the shard's data is whole   2 the list: a zset of auctions by time
-- ARGV   1 'newest' for falling times, else rising   2 at most so many
--        3 time and 4 id of the place to go on from, which need not be in the list any more; '' for
--        the list's start
-- Reply  {auction id, ms, …}, or 'UNAVAILABLE' while the shard's data is not

if redis.call('EXISTS', KEYS[1]) == 0 then return 'UNAVAILABLE' end
local index = KEYS[2]
local newest, wanted, at, id = ARGV[1] == 'newest', tonumber(ARGV[2]), ARGV[3], ARGV[4]

-- Redis orders equal times by the bytes of the id; Lua's own `<` would go by the server's locale.
local function is_before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many places come before the given one, or before and at it, by rising times.
local function count_before(itself_too)
  local low = redis.call('ZCOUNT', index, '-inf', '(' .. at)
  local high = redis.call('ZCOUNT', index, '-inf', at)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = redis.call('ZRANGE', index, middle, middle)[1]
    if is_before(member, id) or (itself_too and member == id) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local skipped = 0
if at ~= '' then
  skipped = newest and redis.call('ZCARD', index) - count_before(false) or count_before(true)
end
local first, last = skipped, skipped + wanted - 1
if newest then return redis.call('ZRANGE', index, first, last, 'REV', 'WITHSCORES') end
return redis.call('ZRANGE', index, first, last, 'WITHSCORES')
