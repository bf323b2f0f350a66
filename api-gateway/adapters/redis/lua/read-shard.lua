-- What the keeper must know of a shard, by the clock of the server that holds it.
--
-- KEYS   1 scheduled zset   2 live zset   3 scheduled sales zset
--        4 the run id under which all open auctions began epochs
-- ARGV   1 at most so many due auctions of each
-- Reply  {now ms, next due ms or '', run id of the server, have all begun epochs on it 0 or 1,
--         {due auction id, when it was due ms, …}}

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)

local due, next_due = {}, ''
for i = 1, 3 do
  local listed = redis.call('ZRANGE', KEYS[i], '-inf', now_text, 'BYSCORE', 'LIMIT', '0', ARGV[1],
    'WITHSCORES')
  for _, text in ipairs(listed) do due[#due + 1] = text end
  local score = redis.call('ZRANGE', KEYS[i], '(' .. now_text, '+inf', 'BYSCORE', 'LIMIT', '0', '1',
    'WITHSCORES')[2]
  if score and (next_due == '' or tonumber(score) < tonumber(next_due)) then next_due = score end
end

local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local begun = redis.call('GET', KEYS[4]) == run_id and '1' or '0'
return { now_text, next_due, run_id, begun, due }
