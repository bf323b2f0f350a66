-- A sale: lots under common terms, whose bidders may have to register and may have a limit. What a lot's
-- call needs of it is here, a sale's own commands are in sale-commands.lua.
--
-- Redis keeps it in one hash, as it does an auction:
--   standing      text: status, status before a pause or -, kind of registration, default limit, lots
--                 that are not over, paddles given, paused since or 0, time of the last event, seller
--   shown         epoch, seq, status
--   terms, plan   the terms as JSON, and those of them that every lot shares as text
--   lots          lot:auction id, by lot, joined by commas
--   endsAt        when the last lot ends
--   b:<user>      paddle, status, limit or 0, what the user leads (at the own maximum) and has won
--   p:<paddle>    user
--   a:<user>:<key>, r:<user>, runId, status and the marks as in an auction
-- Its events go to a book, see book.lua.

local sales = {}

-- The members of a text, whose form is checked.
function sales.words(text, form)
  local words = { string.match(text, form) }
  if not words[1] then error('the sale has not its form') end
  return words
end

function sales.find(tag, id)
  local key = tag .. KEY.auction .. id
  local values = redis.call('HMGET', key, 'standing', 'shown', 'runId', 'endsAt')
  if not values[1] then return nil end
  local words = sales.words(values[1], '^(%l+) (%S+) (%l+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+)$')
  local epoch, seq = string.match(values[2], '^(%d+) (%d+) ')
  return {
    id = id, key = key, tag = tag, status = words[1], before = words[2], registration = words[3],
    default_limit = tonumber(words[4]), open = tonumber(words[5]), paddles = tonumber(words[6]),
    paused_at = tonumber(words[7]), last_at = tonumber(words[8]), seller = words[9],
    epoch = tonumber(epoch), seq = tonumber(seq), run_id = values[3], ends_at = tonumber(values[4]),
    stored_status = words[1], stored_ends_at = tonumber(values[4]), members = {}, public = {},
    private = {}, has_changed = false,
  }
end

-- A registration from its text.
function sales.read_member(text)
  local words = sales.words(text, '^(%d+) (%l+) (%d+) (%d+)$')
  return {
    paddle = tonumber(words[1]), status = words[2], limit = tonumber(words[3]),
    committed = tonumber(words[4]),
  }
end

-- A user's registration, or nil.
function sales.member(sale, user)
  local member = sale.members[user]
  if not member then
    local text = redis.call('HGET', sale.key, 'b:' .. user)
    member = text and sales.read_member(text) or nil
    sale.members[user] = member
  end
  return member
end

function sales.member_text(member)
  return digits[member.paddle] .. ' ' .. member.status .. ' ' .. digits[member.limit] .. ' '
    .. digits[member.committed]
end

-- Gives a lot's auction its sale.
function sales.join(auction, asked)
  auction.sale = sales.find(asked.tag, auction.sale_id)
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

-- What a bidder's limit is used up by besides this lot.
function sales.committed_elsewhere(auction, user, member)
  return member.committed - (auction.owing == user and auction.owed or 0)
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
  return member ~= nil and member.limit > 0
    and sales.committed_elsewhere(auction, user, member) + offered > member.limit
end

-- What is left of a bidder's limit after what the call has decided so far.
function sales.available(auction, user)
  local member = sales.member(auction.sale, user)
  local owing, owed = sales.owed(auction)
  local committed = sales.committed_elsewhere(auction, user, member) + (owing == user and owed or 0)
  return math.max(0, member.limit - committed)
end

-- Writes what has changed: the log first.
function sales.write(sale, asked, now)
  now = math.max(now, sale.last_at)
  local events = #sale.public
  if events > 0 then sale.last_at = now end
  local changes = events > 0 and books.append(sale, asked, now) or { sale.key }
  local function change(field, value)
    changes[#changes + 1] = field
    changes[#changes + 1] = value
  end
  if events > 0 or sale.has_changed then
    change('standing', sale.status .. ' ' .. sale.before .. ' ' .. sale.registration .. ' '
      .. digits[sale.default_limit] .. ' ' .. digits[sale.open] .. ' ' .. digits[sale.paddles] .. ' '
      .. digits[sale.paused_at] .. ' ' .. digits[sale.last_at] .. ' ' .. sale.seller)
    change('endsAt', digits[sale.ends_at])
  end
  for user, member in pairs(sale.members) do
    if member.has_changed then change('b:' .. user, sales.member_text(member)) end
    member.has_changed = false
  end
  if #changes > 1 then redis.call('HSET', unpack(changes)) end
  sales.list(sale, now)
  sale.has_changed = false
end

function sales.list(sale, now)
  if sale.status == sale.stored_status and sale.ends_at == sale.stored_ends_at then return end
  local lists = {
    scheduled = KEY.scheduledSales, live = KEY.liveSales, paused = KEY.pausedSales,
    ended = KEY.endedSales,
  }
  if sale.stored_status and sale.stored_status ~= sale.status then
    redis.call('ZREM', sale.tag .. lists[sale.stored_status], sale.id)
  end
  redis.call('ZADD', sale.tag .. lists[sale.status], digits[sale.status == 'ended' and now or sale.ends_at],
    sale.id)
  sale.stored_status, sale.stored_ends_at = sale.status, sale.ends_at
end

-- Adds to what a user has committed.
function sales.owe(sale, user, amount)
  local member = user ~= '' and sales.member(sale, user)
  if not member then return end
  member.committed = member.committed + amount
  member.has_changed = true
end

-- Brings the sale up to what has become of its lot, and writes it.
function sales.follow(auction, asked, now)
  local sale = auction.sale
  local owing, owed = sales.owed(auction)
  local has_moved = sale.registration ~= 'none' and (owing ~= auction.owing or owed ~= auction.owed)
  if has_moved then
    sales.owe(sale, auction.owing, -auction.owed)
    sales.owe(sale, owing, owed)
  end
  local status, stored = auction.status, auction.stored_status
  if not stored then
    sale.open = sale.open + 1
    sale.has_changed = true
    local lots = sales.course.with_lot(sales.course.lots(sale), auction.lot, auction.id)
    redis.call('HSET', sale.key, 'lots', lots)
  end
  -- The same call may have moved the end of a lot that is bought then.
  local ends_at = auction.would_have_ended_at or auction.ends_at
  if ends_at > sale.ends_at then
    sale.ends_at = ends_at
    sale.has_changed = true
  end
  if auction.has_started then sales.course.start(sale, asked, now) end
  if (status == 'ended' or status == 'cancelled') and stored ~= 'ended' and stored ~= 'cancelled' then
    sale.open = sale.open - 1
    sale.has_changed = true
    if sale.open == 0 and (sale.status == 'live' or sale.before == 'live') then
      sales.course.finish(sale, asked, now)
    end
  end
  if has_moved or sale.has_changed or #sale.public > 0 then sales.write(sale, asked, now) end
end

-- Its course, which few lots' calls have to do with: lots are added, the first starts, the last ends.
sales.course = later(function(course)
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
    sales.write(sale, asked, now)
  end

  -- So many lots at most; shared/domain/sale-rules.ts says the same.
  course.MAX_LOTS = 500

  -- What all lots share, as numbers by name.
  function course.stored_plan(sale)
    local words = sales.words(redis.call('HGET', sale.key, 'plan'),
      '^(%u+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
    return {
      currency = words[1], firstLotEndsAt = tonumber(words[2]), staggerMs = tonumber(words[3]),
      startsAt = tonumber(words[4]), softWindowMs = tonumber(words[5]), softExtendMs = tonumber(words[6]),
      graceMs = tonumber(words[7]),
    }
  end

  -- Finds the sale of a lot that is to be created, and gives the lot what follows from its place there.
  -- Answers the sale, or nil and a refusal code.
  function course.place_lot(asked, terms, now)
    local sale = sales.find(asked.tag, terms.saleId)
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
