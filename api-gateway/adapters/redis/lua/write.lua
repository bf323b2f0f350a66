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
    scheduled = KEY.scheduled, live = KEY.live, ended = KEY.ended, cancelled = KEY.cancelled,
  }
  if stored and stored ~= status then redis.call('ZREM', tag .. lists[stored], asked.id) end
  local is_open = status == 'scheduled' or status == 'live'
  local due = status == 'scheduled' and auction.starts_at or auction.ends_at
  redis.call('ZADD', tag .. lists[status], digits[is_open and due or now], asked.id)
  if is_open then
    redis.call('SPUBLISH', tag .. KEY.dueChannel, asked.id .. ' ' .. digits[due])
  else
    redis.call('HDEL', tag .. KEY.busyItems, redis.call('HGET', asked.key, 'itemId'))
  end
end

-- Private hints: JSON, an array of `Notice` (shared/contracts/live.ts).
function writing.publish_notices(auction, asked)
  local notices = {}
  local about = '","auctionId":"' .. asked.id .. '"'
  for user, bidder in pairs(asked.bidders) do
    if bidder.has_changed then
      notices[#notices + 1] = '{"type":"own","userId":"' .. user .. about .. '}'
    end
  end
  local told = {}
  for _, user in ipairs(asked.beaten or {}) do
    if user ~= auction.leader and not told[user] then
      told[user] = true
      notices[#notices + 1] = '{"type":"outbid","userId":"' .. user .. about .. ',"price":'
        .. digits[auction.price] .. ',"minimumBid":'
        .. (auction.least and digits[auction.least] or 'null') .. '}'
    end
  end
  if auction.outcome == 'sold' and auction.stored_status ~= 'ended' then
    notices[#notices + 1] = '{"type":"won","userId":"' .. auction.leader .. about .. ',"price":'
      .. digits[auction.price] .. '}'
  end
  if #notices > 0 then
    redis.call('SPUBLISH', asked.tag .. KEY.noticesChannel, '[' .. table.concat(notices, ',') .. ']')
  end
end

-- The arguments of the one HSET that stores what has changed.
function writing.changes(auction, asked, now)
  local changes = { asked.key }
  local last = 1
  if auction.events > 0 then
    changes[2], changes[3] = 'shown', auctions.shown(auction)
    changes[4], changes[5] = 'standing', auctions.standing(auction, now)
    last = 5
    if auction.epoch ~= auction.stored_epoch then
      changes[6], changes[7] = 'runId', auction.run_id
      last = 7
    end
    if auction.status ~= auction.stored_status then
      changes[last + 1], changes[last + 2] = 'status', auction.status
      last = last + 2
    end
    for user, bidder in pairs(asked.bidders) do
      if bidder.has_changed then
        changes[last + 1] = 'b:' .. user
        changes[last + 2] = cmsgpack.pack(bidder.alias, bidder.bids, bidder.maximum)
        last = last + 2
      end
    end
  end
  for field, record in pairs(asked.new_answers) do
    changes[last + 1], changes[last + 2] = field, record
    last = last + 2
  end
  return changes, last
end

-- One log entry, one write of the state, one message to the viewers, however many events. The log
-- comes first, for it is what everything else tells of: a failure must not leave an answer, or a
-- state, without its event. Answers the entry's public and private part, '' where nothing happened.
function writing.write(auction, asked, now)
  local changes, last = writing.changes(auction, asked, now)
  local public, private = '', ''
  if auction.events > 0 then
    auction.public[1] = '2 ' .. digits[auction.epoch] .. ' '
      .. digits[auction.seq - auction.events + 1] .. ' ' .. digits[now]
    public, private = table.concat(auction.public, '\n'), table.concat(auction.private, '\n')
    redis.call('XADD', asked.tag .. KEY.log .. asked.id, digits[auction.seq] .. '-0',
      'public', public, 'private', private)
    asked.is_writing = true
    if not auction.stored_status then selling.write_creation(auction, asked) end
  end
  if last > 1 then redis.call('HSET', unpack(changes, 1, last)) end
  if auction.events == 0 then return public, private end
  -- The keeper looks after an auction whose archive lags, a second from now at the earliest.
  if auction.is_archived then
    redis.call('ZADD', asked.tag .. KEY.lagging, 'NX', digits[now + 1000], asked.id)
  end
  writing.list(auction, asked, now)
  if asked.trace ~= '' then
    -- Only a hint: where it may not be sent, nothing else must fail.
    redis.pcall('SPUBLISH', asked.tag .. KEY.tracesChannel, asked.id .. ' ' .. digits[auction.epoch] .. ' '
      .. digits[auction.seq] .. ' ' .. asked.trace)
  end
  redis.call('SPUBLISH', asked.tag .. KEY.liveChannel .. asked.id, public)
  writing.publish_notices(auction, asked)
  return public, private
end
