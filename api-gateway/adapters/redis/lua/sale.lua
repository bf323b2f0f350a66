-- A sale: lots under common terms, whose bidders may have to register and may have a limit. What a lot's
-- call needs of it is here, a sale's own commands are in sale-commands.lua.
--
-- Redis keeps it in one hash, as it does an auction:
--   standing      packed, see packed.lua: end of the last lot, kind of registration, epoch, seq, default
--                 limit, lots that are not over, paddles given, paused since or 0, time of the last event,
--                 status, status before a pause or -, seller
--   shown         epoch, seq, status
--   terms, plan   the terms as JSON, and those of them that every lot shares as text
--   lots          lot:auction id, by lot, joined by commas
--   endsAt        when the last lot ends, as text
--   b:<user>      packed: paddle, limit or 0, what the user leads (at the own maximum) and has won, status
--   p:<paddle>    user
--   a:<user>:<key>, r:<user>, runId, status and the marks as in an auction
-- Its events go to a book, see book.lua.

local sales = {}

-- What most calls of a lot need of the sale with this id, and the registrations of these users; or nil.
function sales.find(tag, id, users)
  local key = tag .. KEY.auction .. id
  local fields = { 'standing', 'runId' }
  for i = 1, #users do fields[2 + i] = 'b:' .. users[i] end
  local values = redis.call('HMGET', key, unpack(fields))
  local standing = values[1]
  if not standing then return nil end
  local ends_at, registration = struct.unpack('<ds', standing)
  local members = {}
  for i = 1, #users do members[users[i]] = sales.read_member(values[2 + i]) end
  return {
    id = id, key = key, tag = tag, standing = standing, run_id = values[2], ends_at = ends_at,
    registration = registration, members = members,
  }
end

-- A registration from its packed form; false without one.
function sales.read_member(packed)
  if not packed then return false end
  local paddle, limit, committed, status, length = struct.unpack(PACKED.member, packed)
  if length ~= #packed + 1 then error('the registration has not its form') end
  return { paddle = paddle, limit = limit, committed = committed, status = status }
end

-- A user's registration; false without one.
function sales.member(sale, user)
  local member = sale.members[user]
  if member == nil then
    member = sales.read_member(redis.call('HGET', sale.key, 'b:' .. user))
    sale.members[user] = member
  end
  return member
end

-- Gives a lot's auction its sale, with the registrations that most of its commands need.
function sales.join(auction, asked)
  local users, leader = {}, auction.leader
  for _, user in pairs(asked.users) do
    users[#users + 1] = user
    if user == leader then leader = '' end
  end
  if leader ~= '' then users[#users + 1] = leader end
  auction.sale = sales.find(asked.tag, auction.sale_id, users)
  auction.owing, auction.owed = sales.owed(auction)
  -- What is over may be kept longer than its sale.
  if not auction.sale and auction.status ~= 'ended' and auction.status ~= 'cancelled' then
    error('the sale of this lot is missing')
  end
end

-- Whom a lot counts for, and how much; '' and 0 when for nobody.
function sales.owed(auction)
  if auction.outcome == 'sold' then return auction.leader, auction.price end
  if auction.status ~= 'live' and auction.status ~= 'paused' then return '', 0 end
  return auction.leader, auction.leader_max
end

-- Why the sale takes no bids of this user.
function sales.admission_code(sale, user)
  if sale.registration == 'none' then return nil end
  local member = sales.member(sale, user)
  if not member then return 'NOT_REGISTERED' end
  if member.status == 'pending' then return 'REGISTRATION_PENDING' end
  return member.status ~= 'approved' and 'BIDDER_BLOCKED' or nil
end

-- Whether an offer on the lot would take a bidder above the limit. By the offer alone: whether it would
-- lead is as secret as the leader's maximum.
function sales.is_over_limit(auction, user, offered)
  local sale = auction.sale
  if not sale or sale.registration == 'none' then return false end
  local member = sales.member(sale, user)
  if not member or member.limit == 0 then return false end
  local committed_here = auction.owing == user and auction.owed or 0
  return member.committed - committed_here + offered > member.limit
end

-- Brings the sale up to what has become of its lot, and writes it.
function sales.follow(auction, asked, now)
  local sale = auction.sale
  local owing, owed = sales.owed(auction)
  if sale.registration ~= 'none' and (owing ~= auction.owing or owed ~= auction.owed) then
    local former = auction.owing ~= '' and sales.member(sale, auction.owing)
    if former then
      former.committed = former.committed - auction.owed
      former.has_changed = true
    end
    local current = owing ~= '' and sales.member(sale, owing)
    if current then
      current.committed = current.committed + owed
      current.has_changed = true
    end
  end
  -- The same call may have moved the end of a lot that is bought then.
  local ends_at = auction.would_have_ended_at or auction.ends_at
  if auction.has_started or auction.status ~= auction.stored_status or ends_at > sale.ends_at then
    sales.course.follow(auction, asked, now, ends_at)
  else
    sales.write_members(sale, { sale.key })
  end
end

-- Writes the registrations that have changed, behind other fields and values.
function sales.write_members(sale, changes)
  local last = #changes
  for user, member in pairs(sale.members) do
    if member and member.has_changed then
      changes[last + 1] = 'b:' .. user
      changes[last + 2] = struct.pack(PACKED.member, member.paddle, member.limit, member.committed,
        member.status)
      last = last + 2
      member.has_changed = false
    end
  end
  if last > 1 then redis.call('HSET', unpack(changes)) end
end

-- Its course, which few lots' calls have to do with: lots are added, the first starts, the last ends.
sales.course = later(function(course)
  -- Unpacks the rest of a sale.
  function course.open(sale)
    if sale.status then return end
    local standing, length = sale.standing, nil
    sale.ends_at, sale.registration, sale.epoch, sale.seq, sale.default_limit, sale.open, sale.paddles,
      sale.paused_at, sale.last_at, sale.status, sale.before, sale.seller, length =
      struct.unpack(PACKED.sale, standing)
    if length ~= #standing + 1 then error('the sale has not its form') end
    sale.stored_status, sale.stored_ends_at = sale.status, sale.ends_at
    sale.public, sale.private, sale.has_changed = {}, {}, false
  end

  -- The whole sale, or nil.
  function course.find(tag, id)
    local sale = sales.find(tag, id, {})
    if sale then course.open(sale) end
    return sale
  end

  -- What is left of a bidder's limit after what the call has decided so far.
  function course.available(auction, user)
    local member = sales.member(auction.sale, user)
    local owing, owed = sales.owed(auction)
    local before, after = auction.owing == user and auction.owed or 0, owing == user and owed or 0
    return math.max(0, member.limit - (member.committed - before + after))
  end

  -- Writes what has changed: the log first.
  function course.write(sale, asked, now)
    now = math.max(now, sale.last_at)
    local events = #sale.public
    local changes = { sale.key }
    if events > 0 then
      sale.last_at = now
      changes = books.append(sale, asked, now)
    end
    if events > 0 or sale.has_changed then
      local last = #changes
      changes[last + 1] = 'standing'
      changes[last + 2] = struct.pack(PACKED.sale, sale.ends_at, sale.registration, sale.epoch, sale.seq,
        sale.default_limit, sale.open, sale.paddles, sale.paused_at, sale.last_at, sale.status,
        sale.before, sale.seller)
      changes[last + 3], changes[last + 4] = 'endsAt', digits[sale.ends_at]
      sale.has_changed = false
    end
    sales.write_members(sale, changes)
    course.list(sale, now)
  end

  function course.list(sale, now)
    if sale.status == sale.stored_status and sale.ends_at == sale.stored_ends_at then return end
    local lists = {
      scheduled = KEY.scheduledSales, live = KEY.liveSales, paused = KEY.pausedSales,
      ended = KEY.endedSales,
    }
    if sale.stored_status and sale.stored_status ~= sale.status then
      redis.call('ZREM', sale.tag .. lists[sale.stored_status], sale.id)
    end
    redis.call('ZADD', sale.tag .. lists[sale.status],
      digits[sale.status == 'ended' and now or sale.ends_at], sale.id)
    sale.stored_status, sale.stored_ends_at = sale.status, sale.ends_at
  end

  -- What a lot that is new, starts, ends or ends later does to its sale.
  function course.follow(auction, asked, now, ends_at)
    local sale, status, stored = auction.sale, auction.status, auction.stored_status
    course.open(sale)
    if not stored then
      sale.open = sale.open + 1
      sale.has_changed = true
      redis.call('HSET', sale.key, 'lots', course.with_lot(course.lots(sale), auction.lot, auction.id))
    end
    if ends_at > sale.ends_at then
      sale.ends_at = ends_at
      sale.has_changed = true
    end
    if auction.has_started then course.start(sale, asked, now) end
    if (status == 'ended' or status == 'cancelled') and stored ~= 'ended' and stored ~= 'cancelled' then
      sale.open = sale.open - 1
      sale.has_changed = true
      if sale.open == 0 and (sale.status == 'live' or sale.before == 'live') then
        course.finish(sale, asked, now)
      end
    end
    course.write(sale, asked, now)
  end

  -- The first of its lots has started: perhaps in the instant of the sale's pause, or after it was resumed
  -- alone.
  function course.start(sale, asked, now)
    if sale.status == 'scheduled' then
      sale.status = 'live'
    elseif sale.before == 'scheduled' then
      sale.before = 'live'
    else
      return
    end
    books.emit(sale, asked, now, 'started', '', '{}')
  end

  function course.finish(sale, asked, now)
    sale.status, sale.before = 'ended', '-'
    books.emit(sale, asked, now, 'ended', '', '{}')
  end

  -- Its lots as they are stored. There may be hundreds, so that only those read them who need them.
  function course.lots(sale)
    return redis.call('HGET', sale.key, 'lots') or ''
  end

  -- The lots with one more, by number.
  function course.with_lot(lots, number, id)
    local list = {}
    for lot in string.gmatch(lots, '[^,]+') do list[#list + 1] = lot end
    local at = #list + 1
    while at > 1 and tonumber(string.match(list[at - 1], '^%d+')) > number do at = at - 1 end
    table.insert(list, at, digits[number] .. ':' .. id)
    return table.concat(list, ',')
  end

  -- What passing time, and another server, do to a sale.
  function course.visit(sale, asked, now)
    if sale.status == 'ended' then return end
    books.begin_epoch(sale, asked, now)
    if sale.status == 'scheduled' and now >= sale.ends_at then
      if sale.open == 0 then
        course.finish(sale, asked, now)
      else
        -- Its lots are paused. The keeper looks again later.
        redis.call('ZADD', sale.tag .. KEY.scheduledSales, digits[now + 60000], sale.id)
      end
    end
    course.write(sale, asked, now)
  end

  -- So many lots at most; shared/domain/sale-rules.ts says the same.
  course.MAX_LOTS = 500

  -- What all lots share, as numbers by name.
  function course.stored_plan(sale)
    local currency, first_lot_ends_at, stagger_ms, starts_at, soft_window_ms, soft_extend_ms, grace_ms =
      string.match(redis.call('HGET', sale.key, 'plan'),
        '^(%u+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
    if not currency then error('the sale has not its form') end
    return {
      currency = currency, firstLotEndsAt = tonumber(first_lot_ends_at), staggerMs = tonumber(stagger_ms),
      startsAt = tonumber(starts_at), softWindowMs = tonumber(soft_window_ms),
      softExtendMs = tonumber(soft_extend_ms), graceMs = tonumber(grace_ms),
    }
  end

  -- Finds the sale of a lot that is to be created, and gives the lot what follows from its place there.
  -- Answers the sale, or nil and a refusal code.
  function course.place_lot(asked, terms, now)
    local sale = course.find(asked.tag, terms.saleId)
    if not sale then return nil, 'SALE_NOT_FOUND' end
    course.visit(sale, asked, now)
    if terms.sellerId ~= sale.seller then return nil, 'NOT_SELLER' end
    if sale.status == 'ended' then return nil, 'SALE_ENDED' end
    if sale.status == 'paused' then return nil, 'SALE_PAUSED' end
    local lots = course.lots(sale)
    local _, count = string.gsub(lots, ':', ':')
    if string.find(',' .. lots, ',' .. digits[terms.lot] .. ':', 1, true) then return nil, 'LOT_TAKEN' end
    if count >= course.MAX_LOTS then return nil, 'SALE_FULL' end
    local plan = course.stored_plan(sale)
    if terms.currency ~= plan.currency or terms.softWindowMs ~= plan.softWindowMs
      or terms.softExtendMs ~= plan.softExtendMs or terms.graceMs ~= plan.graceMs then
      return nil, 'SALE_CHANGED'
    end
    if terms.startsAt == 0 then terms.startsAt = plan.startsAt end
    if terms.endsAt == 0 and terms.durationMs == 0 then
      terms.endsAt = plan.firstLotEndsAt + (terms.lot - 1) * plan.staggerMs
    end
    return sale, nil
  end
end)
