-- What is asked of a sale itself: create, edit, register, admit, pause, resume, and reads.

-- So many lots, and registrations, at most; shared/domain/sale-rules.ts says the same.
sales.MAX_LOTS = 500
sales.MAX_REGISTRATIONS = 20000
-- How a command says that there is to be no limit; 0 leaves it as it is.
sales.NO_LIMIT = 999999999999999

-- What every lot has in common, as the script needs it; the gateway sends it beside the terms' JSON.
function sales.read_plan(creation)
  local terms, plan = selling.read_object(creation.text), selling.read_object(creation.open_terms)
  if not terms or not plan or type(plan.currency) ~= 'string' or not string.find(plan.currency, '^%u%u%u$')
    or type(plan.sellerId) ~= 'string' or not string.find(plan.sellerId, '^[%w_-]+$')
    or not ({ none = true, open = true, approval = true })[plan.registration]
    or not selling.is_whole(plan.defaultLimit, sales.NO_LIMIT) or not selling.is_time(plan.firstLotEndsAt)
    or not (plan.startsAt == 0 or selling.is_time(plan.startsAt)) then return nil end
  for _, name in ipairs({ 'staggerMs', 'softWindowMs', 'softExtendMs', 'graceMs' }) do
    if not selling.is_whole(plan[name], selling.MAX_SPAN_MS) then return nil end
  end
  return plan
end

function sales.plan_of(asked)
  local creation = asked.creation
  if not creation then return nil end
  if creation.plan == nil then creation.plan = sales.read_plan(creation) or false end
  return creation.plan or nil
end

-- What cannot change once there are lots.
function sales.plan_text(plan)
  local words = { plan.currency }
  for i, name in ipairs({ 'firstLotEndsAt', 'staggerMs', 'startsAt', 'softWindowMs', 'softExtendMs', 'graceMs' }) do
    words[i + 1] = digits[plan[name]]
  end
  return table.concat(words, ' ')
end

-- The same again, as numbers by name.
function sales.stored_plan(sale)
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
function sales.place_lot(asked, terms, now)
  local sale = sales.find(asked.tag, terms.saleId)
  if not sale then return nil, 'SALE_NOT_FOUND' end
  sales.visit(sale, asked, now)
  if terms.sellerId ~= sale.seller then return nil, 'NOT_SELLER' end
  if sale.status == 'ended' then return nil, 'SALE_ENDED' end
  if sale.status == 'paused' then return nil, 'SALE_PAUSED' end
  local lots = sales.lots(sale)
  local _, count = string.gsub(lots, ':', ':')
  if string.find(',' .. lots, ',' .. digits[terms.lot] .. ':', 1, true) then return nil, 'LOT_TAKEN' end
  if count >= sales.MAX_LOTS then return nil, 'SALE_FULL' end
  local plan = sales.stored_plan(sale)
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

function sales.registration_facts(member)
  return ',"paddle":' .. digits[member.paddle] .. ',"status":"' .. member.status .. '","limit":'
    .. digits[member.limit]
end

function sales.receipt(sale, now)
  return digits[sale.epoch] .. ' ' .. digits[sale.seq] .. ' ' .. digits[now] .. ' ' .. sale.status .. ' '
    .. digits[sale.ends_at]
end

-- Every function from here on gives a refusal code, or nil, the receipt's text, and the sale where it is
-- another table now.

function sales.create(asked, command, now)
  local plan = sales.plan_of(asked)
  if not has_room() then return 'NO_ROOM' end
  if plan.firstLotEndsAt <= math.max(now, plan.startsAt) then return 'END_NOT_AFTER_START' end
  if plan.firstLotEndsAt > now + selling.MAX_SPAN_MS then return 'END_TOO_LATE' end
  local sale = {
    id = asked.id, key = asked.key, tag = asked.tag, status = 'scheduled', before = '-',
    registration = plan.registration, default_limit = plan.defaultLimit, open = 0, paddles = 0,
    paused_at = 0, last_at = now, seller = plan.sellerId, epoch = 1, seq = 0, run_id = asked.run_id,
    ends_at = plan.firstLotEndsAt, members = {}, public = {}, private = {}, has_changed = true,
  }
  books.emit(sale, asked, now, 'scheduled', '', books.facts(command, ',"sale":' .. asked.creation.text))
  sales.write(sale, asked, now)
  redis.call('HSET', sale.key, 'terms', asked.creation.text, 'plan', sales.plan_text(plan))
  return nil, sales.receipt(sale, now), sale
end

function sales.managing_code(sale, command)
  if sale.status == 'ended' then return 'SALE_ENDED' end
  return not command.admin and command.user ~= sale.seller and 'NOT_SELLER' or nil
end

function sales.edit(sale, asked, command, now)
  local code = sales.managing_code(sale, command)
  if code then return code end
  if sale.status ~= 'scheduled' then return 'SALE_STARTED' end
  -- The terms that came along may be those of another edit in the same call.
  if asked.creation.item ~= command.fingerprint then return 'SALE_CHANGED' end
  local plan = sales.plan_of(asked)
  local text = sales.plan_text(plan)
  if sales.lots(sale) ~= '' then
    if text ~= redis.call('HGET', sale.key, 'plan') then return 'SALE_HAS_LOTS' end
  else
    if plan.firstLotEndsAt <= math.max(now, plan.startsAt) then return 'END_NOT_AFTER_START' end
    if plan.firstLotEndsAt > now + selling.MAX_SPAN_MS then return 'END_TOO_LATE' end
    sale.ends_at = plan.firstLotEndsAt
  end
  sale.registration, sale.default_limit = plan.registration, plan.defaultLimit
  books.emit(sale, asked, now, 'edited', '', books.facts(command, ',"sale":' .. asked.creation.text))
  sales.write(sale, asked, now)
  redis.call('HSET', sale.key, 'terms', asked.creation.text, 'plan', text)
  return nil, sales.receipt(sale, now)
end

function sales.register(sale, asked, command, now)
  local user = command.user
  if sale.status == 'ended' then return 'SALE_ENDED' end
  if user == sale.seller then return 'SELLER_CANNOT_BID' end
  if sale.registration == 'none' then return 'NO_REGISTRATION' end
  local member = sales.member(sale, user)
  if not member then
    if sale.paddles >= sales.MAX_REGISTRATIONS then return 'SALE_FULL' end
    if not has_room() then return 'NO_ROOM' end
    sale.paddles = sale.paddles + 1
    member = {
      paddle = sale.paddles, status = sale.registration == 'open' and 'approved' or 'pending',
      limit = sale.default_limit, committed = 0, has_changed = true,
    }
    sale.members[user] = member
    books.emit(sale, asked, now, 'registered', '',
      books.facts(command, sales.registration_facts(member)))
    sales.write(sale, asked, now)
    redis.call('HSET', sale.key, 'p:' .. digits[member.paddle], user)
  end
  return nil, sales.member_text(member)
end

local ADMITTED = { approve = 'approved', refuse = 'refused', block = 'blocked' }

-- The paddle comes in `amount`, the new limit in `maximum`.
function sales.admit(sale, asked, command, now)
  local code = sales.managing_code(sale, command)
  if code then return code end
  local user = redis.call('HGET', sale.key, 'p:' .. digits[command.amount])
  if not user then return 'REGISTRATION_NOT_FOUND' end
  local member, limit = sales.member(sale, user), command.maximum
  if limit == 0 then limit = member.limit elseif limit == sales.NO_LIMIT then limit = 0 end
  if limit > 0 and limit < member.committed then return 'LIMIT_BELOW_COMMITTED' end
  member.status, member.limit, member.has_changed = ADMITTED[command.kind], limit, true
  books.emit(sale, asked, now, 'admitted', '',
    books.facts(command, ',"bidder":"' .. user .. '"' .. sales.registration_facts(member)))
  sales.write(sale, asked, now)
  return nil, sales.member_text(member) .. ' ' .. user
end

-- Lets `manage` act on a lot at the sale's instant, if it wants to, as a call of the lot's own would.
function sales.manage_lot(asked, command, id, now, notices, manage)
  local key = asked.tag .. KEY.auction .. id
  local lot = {
    id = id, key = key, tag = asked.tag, salt = books.salt(asked, id), trace = '',
    called_at = asked.called_at, run_id = asked.run_id, is_writing = false, changes = { key },
    bidders = {}, answers = {},
  }
  local auction = auctions.read(redis.call('HMGET', key, unpack(auctions.fields())), lot)
  if not auction then return end
  now = passing.catch_up(auction, lot, now, false)
  manage(auction, {
    kind = command.kind, user = command.user, admin = true, bid_id = command.bid_id, amount = 0,
    maximum = 0, salt = books.salt(asked, id .. ' managed'), fingerprint = command.fingerprint,
    key = command.key, reason = command.reason,
  }, now, lot)
  writing.write(auction, lot, now, notices)
end

-- All lots in turn. Wrong data of one is no reason to leave out the others.
function sales.manage_lots(sale, asked, command, now, notices, manage)
  local failure
  for id in string.gmatch(sales.lots(sale), ':([^,]+)') do
    local managed, reason = pcall(sales.manage_lot, asked, command, id, now, notices, manage)
    if not managed then failure = reason end
  end
  if failure then error(failure) end
end

function sales.pause(sale, asked, command, now, notices)
  local code = sales.managing_code(sale, command)
  if code then return code end
  if sale.status == 'paused' then return 'ALREADY_PAUSED' end
  sale.before, sale.status, sale.paused_at = sale.status, 'paused', now
  books.emit(sale, asked, now, 'paused', command.reason, books.facts(command, ''))
  sales.write(sale, asked, now)
  sales.manage_lots(sale, asked, command, now, notices, function(auction, own, at, lot)
    if auction.status == 'scheduled' or auction.status == 'live' then
      selling.pause(auction, own, at, lot)
    end
  end)
  local after = sales.find(asked.tag, asked.id)
  return nil, sales.receipt(after, now), after
end

-- A lot that was paused by itself before stays so.
function sales.resume(sale, asked, command, now, notices)
  local code = sales.managing_code(sale, command)
  if code then return code end
  if sale.status ~= 'paused' then return 'NOT_PAUSED' end
  local paused_at = sale.paused_at
  sale.status, sale.before, sale.paused_at = sale.before, '-', 0
  books.emit(sale, asked, now, 'resumed', command.reason, books.facts(command, ''))
  sales.write(sale, asked, now)
  sales.manage_lots(sale, asked, command, now, notices, function(auction, own, at, lot)
    if auction.status == 'paused' and auction.paused_at >= paused_at then
      selling.resume(auction, own, at, lot)
    end
  end)
  local after = sales.find(asked.tag, asked.id)
  return nil, sales.receipt(after, now), after
end

function sales.read(sale, _, _, now)
  return nil, sales.receipt(sale, now)
end

function sales.me(sale, _, command)
  local member = sales.member(sale, command.user)
  return nil, member and sales.member_text(member) or '0 - 0 0'
end

-- What decides each kind of command.
sales.deciders = {
  edit = sales.edit, register = sales.register, approve = sales.admit, refuse = sales.admit,
  block = sales.admit, pause = sales.pause, resume = sales.resume, read = sales.read, me = sales.me,
}

-- Whether a command can be decided as it is; its texts and numbers have their form.
function sales.is_readable(asked, kind)
  if kind == 'create' or kind == 'edit' then return sales.plan_of(asked) ~= nil end
  return sales.deciders[kind] ~= nil
end

-- An answer as decide.lua documents it, and the sale, which the command may have created.
function sales.answer(sale, asked, command, now, notices)
  local code, receipt, after
  if not sale then
    if command.kind ~= 'create' then return '+SALE_NOT_FOUND ', nil end
    code, receipt, after = sales.create(asked, command, now)
  elseif command.kind == 'create' then
    receipt = sales.receipt(sale, now)
  else
    code, receipt, after = sales.deciders[command.kind](sale, asked, command, now, notices)
  end
  return code and '+' .. code .. ' ' or '+OK ' .. receipt, after or sale
end

-- All commands of one sale; the reply's table is that of an auction. Each is written before the next,
-- because pausing writes the lots, which bring the sale up to them.
function sales.decide(asked, packed, first, notices)
  local fields = {}
  local list = commands.read(asked, packed, first, fields, sales.is_readable)
  commands.load(asked, fields, #fields > 0 and redis.call('HMGET', asked.key, unpack(fields)) or {}, 0,
    sales.read_member)
  local reply = { '', '', '', '' }
  local sale, now = sales.find(asked.tag, asked.id), asked.called_at
  if sale then
    now = math.max(now, sale.last_at)
    sales.visit(sale, asked, now)
  end
  local wants_terms = false
  for i, command in ipairs(list) do
    reply[4 + i], sale = commands.answer(sale, asked, command, now, function()
      return sales.answer(sale, asked, command, now, notices)
    end)
    wants_terms = wants_terms or (command.kind ~= 'me' and command.kind ~= 'register')
  end
  reply[1] = 'OK ' .. digits[now]
  if #asked.changes > 1 then redis.call('HSET', unpack(asked.changes)) end
  if sale and wants_terms then
    reply[4] = sales.lots(sale) .. '\n' .. (redis.call('HGET', asked.key, 'terms') or '')
  end
  return reply
end

-- What passing time, and another server, do to a sale.
function sales.visit(sale, asked, now)
  if sale.status == 'ended' then return end
  books.begin_epoch(sale, asked, now)
  if sale.status == 'scheduled' and now >= sale.ends_at then
    if sale.open == 0 then
      sales.finish(sale, asked, now)
    else
      -- Its lots are paused. The keeper looks again later.
      redis.call('ZADD', sale.tag .. KEY.scheduledSales, digits[now + 60000], sale.id)
    end
  end
  sales.write(sale, asked, now)
end
