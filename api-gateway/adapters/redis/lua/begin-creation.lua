-- Gives a create request its id: the one that the same request had before, or a new one if its user
-- may create more. What a user creates is listed here, in the user's own shard, from before it is
-- there until Redis has forgotten it: so that its number is bounded, whatever becomes of it.
--
-- KEYS   1 shard is whole   2 the user's creations zset   3 claim, if the request has a key
-- ARGV   1 new id           2 fingerprint                 3 seconds that a claim is kept
--        4 how many creations a user may have, 0 for any number
--        5 seconds that the list is kept after its last addition
-- Reply  'id|fingerprint' that counts, FULL, NO_ROOM or UNAVAILABLE

-- Where claims were lost, a repeated request would get a second id and make a second auction.
if redis.call('EXISTS', KEYS[1]) == 0 then return 'UNAVAILABLE' end
local claim = KEYS[3]
local known = claim and redis.call('GET', claim)
if known then return known end
if not has_room() then return 'NO_ROOM' end
local most = tonumber(ARGV[4])
if most > 0 then
  if redis.call('ZCARD', KEYS[2]) >= most then return 'FULL' end
  redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
local value = ARGV[1] .. '|' .. ARGV[2]
if claim then redis.call('SET', claim, value, 'EX', ARGV[3]) end
return value
