-- Reads an auction, or what a user has in it, and decides nothing.
--
-- KEYS   1 shard is whole   2 auction hash   3 bidders hash
-- ARGV   1 the user whose own state is read, or '' for the auction's
-- Reply  {'UNAVAILABLE'} when the shard's data is not whole; {'DUE'} when the decide script has yet
--        to open or close the auction or to begin an epoch; else {'OK', answer, public terms or ''}
--        with the answer that decide.lua would give to `read` or `me`

if redis.call('EXISTS', KEYS[1]) == 0 then return { 'UNAVAILABLE' } end
local fields = redis.call('HMGET', KEYS[2], 'status', 'startsAt', 'endsAt', 'lastAt', 'runId',
  'leader')
local status = fields[1]
if not status then return { 'OK', '+AUCTION_NOT_FOUND|', '' } end

local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  tonumber(fields[4]))
local due = status == 'scheduled' and fields[2] or status == 'live' and fields[3]
if due and (now >= tonumber(due)
  or fields[5] ~= string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')) then
  return { 'DUE' }
end

local user = ARGV[1]
if user ~= '' then
  local record = redis.call('HGET', KEYS[3], user)
  local alias, bids, maximum = string.match(record or '', '^(%d+)|(%d+)|(%d+)$')
  if not alias then return { 'OK', '+OK||0|0|0', '' } end
  local leading = fields[6] == user and '1' or '0'
  return { 'OK', '+OK|' .. alias .. '|' .. leading .. '|' .. maximum .. '|' .. bids, '' }
end
local public = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'state', 'terms')
return { 'OK', '+OK|' .. public[1] .. '|' .. public[2] .. '|' .. string.format('%.0f', now) .. '|'
  .. public[3], public[4] }
