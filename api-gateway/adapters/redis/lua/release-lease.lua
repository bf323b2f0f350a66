-- Gives a lease up, unless somebody else holds it by now.
--
-- KEYS 1 lease   ARGV 1 holder   Reply 1 when it was given up, else 0

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
