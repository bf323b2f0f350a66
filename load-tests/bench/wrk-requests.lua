-- The numbered requests of a plan (wrk.ts), made one by one.
-- Arguments after `--`: the file of plan lines, the number of the first request.
-- Run with one thread: threads share nothing in wrk, and each would start at the same number.

local plan = {}
local paths, tokens = {}, {}
local n

-- Milliseconds of a clock that only rises: wrk has none of its own.
local ffi = require('ffi')
ffi.cdef[[
  typedef struct { long seconds, nanoseconds; } outcry_time;
  int clock_gettime(int clock, outcry_time *time);
]]
local MONOTONIC = 1
local time = ffi.new('outcry_time')
local function now()
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) * 1e3 + tonumber(time.nanoseconds) / 1e6
end

function init(args)
  for line in io.lines(args[1]) do
    local name, value = string.match(line, '^(%S+) ?(.*)$')
    if name == 'paths' then
      paths[#paths + 1] = 'POST ' .. value .. ' HTTP/1.1\r\nhost: ' .. plan.host
        .. '\r\nauthorization: Bearer '
    elseif name == 'tokens' then
      tokens[#tokens + 1] = value .. '\r\ncontent-type: application/json\r\n'
    elseif name then
      plan[name] = value
    end
  end
  plan.member = '{"' .. plan.member .. '":'
  plan.key = plan.keyPrefix ~= '' and 'idempotency-key: ' .. plan.keyPrefix or nil
  n = tonumber(args[2])
  if plan.perSecond then
    local interval = 1e3 / plan.perSecond
    local started, sent = now(), 0
    -- wrk waits so many milliseconds before it makes the next request.
    function delay()
      local wait = started + sent * interval - now()
      sent = sent + 1
      return wait > 0 and math.ceil(wait) or 0
    end
  end
end

function request()
  local pass = math.floor(n / #paths)
  local body = plan.member .. string.format('%.0f', plan.firstAmount + pass * plan.amountStep)
    .. '}'
  local key = plan.key and plan.key .. string.format('%.0f', n) .. '\r\n' or ''
  local text = paths[n % #paths + 1] .. tokens[n % #tokens + 1] .. key
    .. 'content-length: ' .. #body .. '\r\n\r\n' .. body
  n = n + 1
  return text
end

-- Times are microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"answered":%.0f,"refused":%.0f,"broken":%.0f,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
