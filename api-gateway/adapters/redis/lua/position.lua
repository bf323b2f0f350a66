-- Where an auction and a log entry stand, in the present form and in that of version 1.

-- Epoch and seq of an auction's last event, as text; nothing when it is not here.
local function position_of(auction_key)
  local fields = redis.call('HMGET', auction_key, 'shown', 'epoch', 'seq')
  if fields[1] then return string.match(fields[1], '^(%d+) (%d+)') end
  return fields[2], fields[3]
end

-- The epoch of a log entry, from its fields.
local function epoch_of(fields)
  return fields[1] == 'public' and string.match(fields[2], '^%d+ (%d+)') or fields[2]
end
