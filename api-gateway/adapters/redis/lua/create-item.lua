-- Stores an item. A repeated request with the same id changes nothing.
--
-- KEYS   1 shard is whole   2 item hash
-- ARGV   1 item JSON        2 seller's user id   3 seconds that it is kept without an auction
-- Reply  OK, NO_ROOM or UNAVAILABLE

if redis.call('EXISTS', KEYS[1]) == 0 then return 'UNAVAILABLE' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'OK' end
if not has_room() then return 'NO_ROOM' end
redis.call('HSET', KEYS[2], 'json', ARGV[1], 'sellerId', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 'OK'
