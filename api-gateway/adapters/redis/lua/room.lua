-- Room for creations. They obey a lower limit than bids (0.9, which the gateway watches): whoever
-- creates as much as he can must never bring a bid UNAVAILABLE, nor use up what closing needs.

local function has_room()
  local creation_share = 0.75 -- of maxmemory
  local memory = redis.call('INFO', 'memory')
  local limit = tonumber(string.match(memory, '\nmaxmemory:(%d+)'))
  return limit == 0 or tonumber(string.match(memory, 'used_memory:(%d+)')) <= limit * creation_share
end
