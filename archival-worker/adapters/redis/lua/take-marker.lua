-- Takes a shard's marker away, if it is still the one that was looked at.
--
-- KEYS   1 the marker
-- ARGV   1 what it must hold
-- Reply  1 when it is gone by this, else 0

return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0
