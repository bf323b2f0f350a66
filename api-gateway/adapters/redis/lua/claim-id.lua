-- Claims an id for a create request's idempotency key, unless an earlier request has one.
--
-- KEYS   1 shard is whole   2 claim
-- ARGV   1 id|fingerprint   2 how long it is kept, seconds
-- Reply  the claim that counts, or UNAVAILABLE

-- Where claims were lost, a repeated request would get a second id and make a second auction.
if redis.call('EXISTS', KEYS[1]) == 0 then return 'UNAVAILABLE' end
return redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2], 'NX', 'GET') or ARGV[1]
