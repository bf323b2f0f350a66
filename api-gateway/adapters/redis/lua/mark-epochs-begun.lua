-- Notes that every open auction of a shard has begun its epoch on this server.
--
-- KEYS 1 mark   ARGV 1 run id of the server   Reply 1

redis.call('SET', KEYS[1], ARGV[1])
return 1
