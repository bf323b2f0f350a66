-- What is written and published of an auction once all its commands are decided.

local writing = {}

-- The lists by status; a changed due time is told to the keepers.
function writing.list(auction, asked, now)
  local status, stored = auction.status, auction.stored_status
  -- A rebuilt auction is listed as due at once, so that its new epoch begins: that sets it right.
  if status == stored and auction.ends_at == auction.stored_ends_at
    and auction.epoch == auction.stored_epoch then return end
  local tag = asked.tag
  local lists = {
    scheduled = KEY.scheduled, live = KEY.live, paused = KEY.paused, ended = KEY.ended,
    cancelled = KEY.cancelled,
  }
  if stored and stored ~= status then redis.call('ZREM', tag .. lists[stored], asked.id) end
  local is_over = status == 'ended' or status == 'cancelled'
  local due = status == 'scheduled' and auction.starts_at or auction.ends_at
  redis.call('ZADD', tag .. lists[status], digits[is_over and now or due], asked.id)
  if status == 'scheduled' or status == 'live' then
    redis.call('SPUBLISH', tag .. KEY.dueChannel, asked.id .. ' ' .. digits[due])
  elseif is_over then
    redis.call('HDEL', tag .. KEY.busyItems, redis.call('HGET', asked.key, 'itemId'))
  end
end

-- Adds to `notices` what users are told of the auction: see shared/contracts/records.ts. `own` are
-- those whose own view of it has changed.
function writing.add_notice(notices, auction, asked, own)
  local beaten = {}
  for user in pairs(asked.beaten or {}) do
    if user ~= auction.leader then beaten[#beaten + 1] = user end
  end
  local is_won = auction.outcome == 'sold'
    and (auction.stored_status ~= 'ended' or auction.leader ~= auction.stored_leader)
  if #own == 0 and #beaten == 0 and not is_won then return end
  notices[#notices + 1] = asked.id .. ' ' .. digits[auction.price] .. ' '
    .. (auction.least and digits[auction.least] or '-') .. ' ' .. table.concat(own, ',') .. ' '
    .. table.concat(beaten, ',') .. ' ' .. (is_won and auction.leader or '')
end

-- Adds to `asked.changes` where the auction stands now, and gives the users whose bids changed.
function writing.add_standing(auction, asked, now, shown)
  local changes, own = asked.changes, {}
  local last = #changes + 4
  changes[last - 3], changes[last - 2] = 'shown', shown
  changes[last - 1], changes[last] = 'standing', auctions.standing(auction, now)
  if auction.epoch ~= auction.stored_epoch then
    changes[last + 1], changes[last + 2] = 'runId', auction.run_id
    last = last + 2
  end
  if auction.status ~= auction.stored_status then
    changes[last + 1], changes[last + 2] = 'status', auction.status
    last = last + 2
  end
  for user, bidder in pairs(asked.bidders) do
    if bidder.has_changed then
      changes[last + 1] = 'b:' .. user
      changes[last + 2] = struct.pack(PACKED.bidder, bidder.alias, bidder.bids, bidder.maximum, bidder.since)
      last = last + 2
      own[#own + 1] = user
    end
  end
  return own
end

-- One log entry, one write of the state, one message to the viewers, however many events. The log
-- comes first, for it is what everything else tells of: a failure must not leave an answer, or a
-- state, without its event. Answers where the auction stands, as it is shown, and the entry's public
-- and private part, '' where nothing happened.
function writing.write(auction, asked, now, notices)
  local shown = digits[auction.epoch] .. ' ' .. digits[auction.seq] .. ' ' .. auctions.state(auction)
  if auction.events == 0 then
    if asked.book then absentees.write(asked, now) end
    if #asked.changes > 1 then redis.call('HSET', unpack(asked.changes)) end
    return shown, '', ''
  end
  local own = writing.add_standing(auction, asked, now, shown)
  auction.public[1] = '2 ' .. digits[auction.epoch] .. ' '
    .. digits[auction.seq - auction.events + 1] .. ' ' .. digits[now]
  local public, private = table.concat(auction.public, '\n'), table.concat(auction.private, '\n')
  redis.call('XADD', asked.tag .. KEY.log .. asked.id, digits[auction.seq] .. '-0',
    'public', public, 'private', private)
  asked.is_writing = true
  if not auction.stored_status then selling.write_creation(auction, asked) end
  redis.call('HSET', unpack(asked.changes))
  -- The keeper looks after an auction whose archive lags, a second from now at the earliest.
  if auction.is_archived then
    redis.call('ZADD', asked.tag .. KEY.lagging, 'NX', digits[now + 1000], asked.id)
  end
  writing.list(auction, asked, now)
  if asked.book then absentees.write(asked, now) end
  if auction.sale then sales.follow(auction, asked, now) end
  if asked.trace ~= '' then
    -- Only a hint: where it may not be sent, nothing else must fail.
    redis.pcall('SPUBLISH', asked.tag .. KEY.tracesChannel, asked.id .. ' ' .. digits[auction.epoch] .. ' '
      .. digits[auction.seq] .. ' ' .. asked.trace)
  end
  redis.call('SPUBLISH', asked.tag .. KEY.liveChannel .. asked.id, public)
  writing.add_notice(notices, auction, asked, own)
  return shown, public, private
end
