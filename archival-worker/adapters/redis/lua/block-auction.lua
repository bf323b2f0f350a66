#!lua flags=allow-oom
-- Marks an auction as blocked: the archive has an entry of it that can never be stored, so the keeper
-- must not publish it again for ever. `npm run dead-letters` takes the mark away. An
-- auction that is not here stays so. Works in a full Redis.
--
-- KEYS   1 auction hash
-- Reply  1 when the auction is here, else 0

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'blocked', '1')
return 1
