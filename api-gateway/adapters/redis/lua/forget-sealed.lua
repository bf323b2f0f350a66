-- Drops the keys of an auction or a book that the archive has sealed, when its grace period is over. Without
-- the seal in its hash nothing is dropped, whoever put it on the list.
--
-- KEYS   1 auction hash   2 log stream     3 ended zset   4 cancelled zset
--        5 ended sales zset   6 lagging zset   7 sealed zset   8 busy items   9 item
-- ARGV   1 auction id     2 item id       3 seconds that the item is kept
-- Reply  1 when the auction is gone, 0 when it is kept

local id = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local due = redis.call('ZSCORE', KEYS[7], id)
if not due or tonumber(due) > now then return 0 end

local fields = redis.call('HMGET', KEYS[1], 'status', 'sealedAt', 'itemId')
local status = fields[1]
if status and (not fields[2] or (status ~= 'ended' and status ~= 'cancelled')) then
  redis.call('ZREM', KEYS[7], id)
  return 0
end

redis.call('UNLINK', KEYS[1], KEYS[2])
-- What version 1 kept beside it.
redis.call('UNLINK', (string.gsub(KEYS[1], ':auction:', ':bidders:', 1)),
  (string.gsub(KEYS[1], ':auction:', ':answers:', 1)))
for i = 3, 7 do redis.call('ZREM', KEYS[i], id) end
-- The item can be sold again for a while. A new auction of it keeps it until that one is forgotten.
if fields[3] == ARGV[2] and redis.call('HEXISTS', KEYS[8], ARGV[2]) == 0 then
  redis.call('EXPIRE', KEYS[9], ARGV[3])
end
return 1
