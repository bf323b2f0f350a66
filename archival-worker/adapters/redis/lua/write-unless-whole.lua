-- Runs commands on a shard that is being rebuilt: all of them at once, or none when the shard is
-- marked as whole, because then bids may have gone on from what is there.
--
-- KEYS   1 shard is whole   2… every key that the commands touch
-- ARGV   for each command the number of its words, then the words
-- Reply  1 when they were run, else 0

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local i = 1
while i <= #ARGV do
  local words = tonumber(ARGV[i])
  redis.call(unpack(ARGV, i + 1, i + words))
  i = i + words + 1
end
return 1
