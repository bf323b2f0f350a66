-- Stores an item. A repeated request with the same id changes nothing.
--
-- KEYS   1 shard is whole   2 item hash
-- ARGV   1 item JSON        2 seller's user id
-- Reply  OK or UNAVAILABLE

if redis.call('EXISTS', KEYS[1]) == 0 then return 'UNAVAILABLE' end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[2], 'json', ARGV[1], 'sellerId', ARGV[2])
end
return 'OK'
