-- What is written and published of an auction once all its commands are decided.

local is_writing = false -- from here on a failure leaves something behind

local function write_answers(asked)
  for field in pairs(changed_refusals) do
    new_answers[#new_answers + 1] = field
    new_answers[#new_answers + 1] = refusals[field]
  end
  if #new_answers > 0 then redis.call('HSET', asked.answers_key, unpack(new_answers)) end
end

local function write_creation(asked)
  local constant = { 'archivedEpoch', '0', 'archivedSeq', '0', 'publishedSeq', '0' }
  for _, name in ipairs({ 'itemId', 'sellerId', 'increments', 'terms', 'startPrice',
    'reservePrice', 'buyNowPrice', 'softWindowMs', 'softExtendMs', 'hardEndsAt', 'startsAt' }) do
    constant[#constant + 1] = name
    constant[#constant + 1] = as_text(auction[name])
  end
  redis.call('HSET', asked.auction_key, unpack(constant))
  redis.call('HSET', asked.busy_items_key, auction.itemId, asked.id)
  redis.call('PERSIST', asked.item_key) -- it was to go some time after an earlier auction of it
  if asked.item ~= '' then
    redis.call('HSET', asked.item_key, 'json', asked.item, 'sellerId', auction.sellerId)
  end
end

-- The lists by status; a changed due time is told to the keepers.
local function write_index(asked)
  -- A rebuilt auction is listed as due at once, so that its new epoch begins: that sets it right.
  if auction.status == stored.status and auction.endsAt == stored.endsAt
    and auction.epoch == stored.epoch then return end
  if stored.status and stored.status ~= auction.status then
    redis.call('ZREM', asked.index_keys[stored.status], asked.id)
  end
  local open = auction.status == 'scheduled' or auction.status == 'live'
  local due = auction.status == 'scheduled' and auction.startsAt or auction.endsAt
  redis.call('ZADD', asked.index_keys[auction.status], digits(open and due or now), asked.id)
  if open then
    redis.call('SPUBLISH', asked.due_channel, asked.id .. ' ' .. digits(due))
  else
    redis.call('HDEL', asked.busy_items_key, auction.itemId)
  end
end

local function publish_notices(asked)
  local notices = {}
  local told = {}
  for i = 1, #changed_bidders, 2 do
    local user = changed_bidders[i]
    if not told[user] then
      told[user] = true
      notices[#notices + 1] = '{"type":"own","userId":"' .. user .. '","auctionId":"'
        .. asked.id .. '"}'
    end
  end
  for _, user in ipairs(displaced_order) do
    if user ~= auction.leader then
      notices[#notices + 1] = '{"type":"outbid","userId":"' .. user .. '","auctionId":"'
        .. asked.id .. '","price":' .. digits(auction.price) .. ',"minimumBid":'
        .. minimum_text('null') .. '}'
    end
  end
  if auction.outcome == 'sold' and stored.status ~= 'ended' then
    notices[#notices + 1] = '{"type":"won","userId":"' .. auction.leader .. '","auctionId":"'
      .. asked.id .. '","price":' .. digits(auction.price) .. '}'
  end
  if #notices > 0 then
    redis.call('SPUBLISH', asked.notices_channel, '[' .. table.concat(notices, ',') .. ']')
  end
end

-- The log comes first, for it is what everything else tells of: a failure must not leave an answer,
-- or a state, without its event.
local function write_log(asked, entry)
  redis.call('XADD', asked.log_key, digits(auction.seq) .. '-0', 'epoch', digits(auction.epoch),
    'events', entry)
  is_writing = true
end

local function write_state(asked)
  if stored.seq == nil then write_creation(asked) end
  auction.lastAt = now
  local changes = { 'state', last_state }
  for _, name in ipairs(CHANGING_FIELDS) do
    if auction[name] ~= stored[name] then
      changes[#changes + 1] = name
      changes[#changes + 1] = as_text(auction[name])
    end
  end
  redis.call('HSET', asked.auction_key, unpack(changes))
  if #changed_bidders > 0 then redis.call('HSET', asked.bidders_key, unpack(changed_bidders)) end
end

-- What others look for: the lists, the keeper's work, the messages.
local function tell_of_events(asked)
  -- The keeper looks after an auction whose archive lags, a second from now at the earliest.
  local caught_up = stored.seq == nil
    or (stored.archivedEpoch == stored.epoch and stored.archivedSeq == stored.seq)
  if caught_up then redis.call('ZADD', asked.behind_key, 'NX', digits(now + 1000), asked.id) end

  write_index(asked)
  if asked.trace ~= '' then
    -- Only a hint: where it may not be sent, nothing else must fail.
    redis.pcall('SPUBLISH', asked.traces_channel, asked.id .. ' ' .. digits(auction.epoch) .. ' '
      .. digits(auction.seq) .. ' ' .. asked.trace)
  end
  redis.call('SPUBLISH', asked.live_channel, '{"auctionId":"' .. asked.id
    .. '","epoch":' .. digits(auction.epoch) .. ',"seq":' .. digits(auction.seq)
    .. ',"events":[' .. table.concat(public_events, ',') .. '],"state":' .. last_state
    .. ',"serverTime":"' .. iso_of(now) .. '"}')
  publish_notices(asked)
end

-- One log entry, one write of the state, one message to the viewers, however many events. Answers
-- the entry's lines, or '' when nothing happened to the auction.
local function write_auction(asked)
  if not auction then return '' end
  local entry = table.concat(lines, '\n')
  if entry ~= '' then
    write_log(asked, entry)
    write_state(asked)
  end
  write_answers(asked)
  if entry ~= '' then tell_of_events(asked) end
  return entry
end
