-- Auctions that version 1 wrote: with a field for each value, and bidders and answers in hashes of
-- their own. The first call that meets one brings it into the present form. From then on a gateway of
-- version 1 fails on it before it writes, because `lastAt` is no number: it answers UNAVAILABLE.

local version_1 = {}

-- Writes fields and values some at a time, because Lua can pass some thousand at most.
function version_1.put(key, changes)
  for first = 1, #changes, 1000 do
    redis.call('HSET', key, unpack(changes, first, math.min(first + 999, #changes)))
  end
end

function version_1.bidders(changes, key)
  local pairs_of = redis.call('HGETALL', key)
  for i = 1, #pairs_of, 2 do
    changes[#changes + 1] = 'b:' .. pairs_of[i]
    local alias, bids, maximum = string.match(pairs_of[i + 1], '^(%d+)|(%d+)|(%d+)$')
    -- Of equal maxima the earlier one leads; which that was is not known any more.
    changes[#changes + 1] = struct.pack(PACKED.bidder, tonumber(alias), tonumber(bids), tonumber(maximum), 0)
  end
end

-- A field is `user:key`, or `user:` for the user's refusals; a record has bars where it now has a plus
-- sign first, and then spaces.
function version_1.record(text)
  return (string.gsub(string.gsub(text, '|', '+', 1), '|', ' '))
end

function version_1.answers(changes, key)
  local pairs_of = redis.call('HGETALL', key)
  for i = 1, #pairs_of, 2 do
    local user, own_key = string.match(pairs_of[i], '^([^:]*):(.*)$')
    if own_key == '' then
      changes[#changes + 1] = 'r:' .. user
      changes[#changes + 1] = string.gsub(pairs_of[i + 1], '(\t[^\t\n]*\t)([^\n]*)',
        function(before, refusal) return before .. version_1.record(refusal) end)
    else
      changes[#changes + 1] = 'a:' .. user .. ':' .. own_key
      changes[#changes + 1] = version_1.record(pairs_of[i + 1])
    end
  end
end

-- Whether the auction was there in the form of version 1, and is now in the present one.
function version_1.convert(asked)
  local names = { -- the last four stay
    'startPrice', 'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt',
    'startsAt', 'sellerId', 'increments', 'epoch', 'seq', 'outcome', 'price', 'state', 'leaderAlias',
    'bidCount', 'endsAt', 'leaderMax', 'aliasCount', 'leader', 'lastAt', 'status', 'archivedEpoch',
    'archivedSeq',
  }
  local values = redis.call('HMGET', asked.key, unpack(names))
  local old = {}
  for i, name in ipairs(names) do old[name] = values[i] or '' end
  if old.epoch == '' then return false end
  local least = string.match(old.state, '"minimumBid":(%d+)') or '-'
  local is_met = string.find(old.state, '"reserveMet":true', 1, true) and '1' or '0'
  local bidders_key = asked.tag .. ':bidders:' .. asked.id
  local answers_key = asked.tag .. ':answers:' .. asked.id
  local changes = {}
  version_1.bidders(changes, bidders_key)
  version_1.answers(changes, answers_key)
  version_1.put(asked.key, changes)
  -- Last, because what has these is in the present form.
  local outcome = old.outcome ~= '' and old.outcome or '-'
  local number = function(name) return tonumber(old[name]) end
  redis.call('HSET', asked.key,
    'conditions', struct.pack(PACKED.conditions, number('startPrice'), number('reservePrice'),
      number('buyNowPrice'), number('softWindowMs'), number('softExtendMs'), number('hardEndsAt'),
      number('startsAt'), 0, 0, old.sellerId, old.increments),
    'shown', table.concat({
      old.epoch, old.seq, old.status, outcome, old.price, least, old.leaderAlias, old.bidCount,
      is_met, old.endsAt,
    }, ' '),
    'standing', struct.pack(PACKED.standing, number('epoch'), number('seq'), number('price'),
      tonumber(least) or 0, number('leaderAlias'), number('bidCount'), number('endsAt'),
      number('leaderMax'), number('aliasCount'), number('lastAt'), 0, 0, old.status, outcome, old.leader),
    'lastAt', 'version 2')
  redis.call('HDEL', asked.key, unpack(names, 1, #names - 4))
  redis.call('UNLINK', bidders_key, answers_key)
  if old.archivedEpoch ~= old.epoch or old.archivedSeq ~= old.seq then
    redis.call('ZADD', asked.tag .. KEY.lagging, 'NX', old.lastAt, asked.id)
  end
  return true
end
