-- wrk's side of request-plan.ts: the same numbered requests, made one by one.
-- Arguments after `--`: the file of plan lines, the number of the first request.
-- Run with one thread: threads share nothing in wrk, and each would start at the same number.

local plan = {}
local paths, tokens = {}, {}
local n

function init(args)
  for line in io.lines(args[1]) do
    local name, value = string.match(line, '^(%S+) ?(.*)$')
    if name == 'path' then
      paths[#paths + 1] = 'POST ' .. value .. ' HTTP/1.1\r\nhost: ' .. plan.host
        .. '\r\nauthorization: Bearer '
    elseif name == 'token' then
      tokens[#tokens + 1] = value .. '\r\ncontent-type: application/json\r\n'
    elseif name then
      plan[name] = value
    end
  end
  plan.first_amount = tonumber(plan.first_amount)
  plan.amount_step = tonumber(plan.amount_step)
  plan.member = '{"' .. plan.member .. '":'
  plan.key = plan.key_prefix ~= '' and 'idempotency-key: ' .. plan.key_prefix or nil
  n = tonumber(args[2])
end

function request()
  local pass = math.floor(n / #paths)
  local body = plan.member .. string.format('%.0f', plan.first_amount + pass * plan.amount_step)
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
    'figures {"answered":%.0f,"refused":%.0f,"broken":%.0f,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
