-- Reads an auction, or what a user has in it, and decides nothing.
--
-- KEYS   1 the shard's marker   2 auction hash
-- ARGV   1 the user whose own state is read, or '' for the auction's
--        2 the server's run id, or '' when the caller does not know it
-- Reply  {'UNAVAILABLE'} when the shard's data was not found whole on this server; {'DUE'} when the
--        decide script has yet to open or close the auction, to begin an epoch or to bring it into the
--        present form, or when the user may have an absentee bid; else {'OK', answer, public terms or ''} with the answer that decide.lua would give to `read` or `me`

local user, run_id = ARGV[1], ARGV[2]
if run_id == '' then run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
if redis.call('GET', KEYS[1]) ~= run_id then return { 'UNAVAILABLE' } end
local fields = redis.call('HMGET', KEYS[2], 'shown', 'conditions', 'standing', 'runId', 'terms',
  'b:' .. user)
local shown = fields[1]
if not shown then
  if redis.call('EXISTS', KEYS[2]) == 1 then return { 'DUE' } end
  return { 'OK', '+AUCTION_NOT_FOUND ', '' }
end

local epoch, seq, _, _, _, _, ends_at, _, _, last_at, _, _, status, _, leader =
  struct.unpack(PACKED.standing, fields[3])
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  last_at)
local due = status == 'live' and ends_at
  or status == 'scheduled' and select(7, struct.unpack(PACKED.conditions, fields[2]))
if due and now >= due then return { 'DUE' } end
if status ~= 'ended' and status ~= 'cancelled' and fields[4] ~= run_id then return { 'DUE' } end

if user ~= '' then
  local alias, bids, maximum = 0, 0, 0
  if fields[6] then alias, bids, maximum = struct.unpack(PACKED.bidder, fields[6]) end
  if not fields[6] and redis.call('HEXISTS', KEYS[2], 'absentees') == 1 then return { 'DUE' } end
  local leading = leader == user and 1 or 0
  return { 'OK', string.format('+OK %d %d %d %d', alias, leading, maximum, bids), '' }
end
local state = string.match(shown, '^%d+ %d+ (.+)$')
return { 'OK', string.format('+OK %d %d %d %s', epoch, seq, now, state), fields[5] }
