-- What is asked of a sale itself: create, edit, register, admit, pause, resume, and reads.

local sale_commands = {}

-- So many registrations at most; shared/domain/sale-rules.ts says the same.
sale_commands.MAX_REGISTRATIONS = 20000
-- How a command says that there is to be no limit; 0 leaves it as it is.
sale_commands.NO_LIMIT = 999999999999999

-- What every lot has in common, as the script needs it; the gateway sends it beside the terms' JSON.
function sale_commands.read_plan(creation)
  local terms, plan = selling.read_object(creation.text), selling.read_object(creation.open_terms)
  if not terms or not plan or type(plan.currency) ~= 'string' or not string.find(plan.currency, '^%u%u%u$')
    or type(plan.sellerId) ~= 'string' or not string.find(plan.sellerId, '^[%w_-]+$')
    or not ({ none = true, open = true, approval = true })[plan.registration]
    or not selling.is_whole(plan.defaultLimit, sale_commands.NO_LIMIT)
    or not selling.is_time(plan.firstLotEndsAt)
    or not (plan.startsAt == 0 or selling.is_time(plan.startsAt)) then return nil end
  for _, name in ipairs({ 'staggerMs', 'softWindowMs', 'softExtendMs', 'graceMs' }) do
    if not selling.is_whole(plan[name], selling.MAX_SPAN_MS) then return nil end
  end
  return plan
end

function sale_commands.plan_of(asked)
  local creation = asked.creation
  if not creation then return nil end
  if creation.plan == nil then creation.plan = sale_commands.read_plan(creation) or false end
  return creation.plan or nil
end

-- What cannot change once there are lots.
function sale_commands.plan_text(plan)
  local words = { plan.currency }
  local names = { 'firstLotEndsAt', 'staggerMs', 'startsAt', 'softWindowMs', 'softExtendMs', 'graceMs' }
  for i, name in ipairs(names) do
    words[i + 1] = digits[plan[name]]
  end
  return table.concat(words, ' ')
end

function sale_commands.member_text(member)
  return digits[member.paddle] .. ' ' .. member.status .. ' ' .. digits[member.limit] .. ' '
    .. digits[member.committed]
end

function sale_commands.registration_facts(member)
  return ',"paddle":' .. digits[member.paddle] .. ',"status":"' .. member.status .. '","limit":'
    .. digits[member.limit]
end

function sale_commands.receipt(sale, now)
  return digits[sale.epoch] .. ' ' .. digits[sale.seq] .. ' ' .. digits[now] .. ' ' .. sale.status .. ' '
    .. digits[sale.ends_at]
end

-- Every function from here on gives a refusal code, or nil, the receipt's text, and the sale where it is
-- another table now.

function sale_commands.create(asked, command, now)
  local plan = sale_commands.plan_of(asked)
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
  sales.course.write(sale, asked, now)
  redis.call('HSET', sale.key, 'terms', asked.creation.text, 'plan', sale_commands.plan_text(plan))
  return nil, sale_commands.receipt(sale, now), sale
end

function sale_commands.managing_code(sale, command)
  if sale.status == 'ended' then return 'SALE_ENDED' end
  return not command.admin and command.user ~= sale.seller and 'NOT_SELLER' or nil
end

function sale_commands.edit(sale, asked, command, now)
  local code = sale_commands.managing_code(sale, command)
  if code then return code end
  if sale.status ~= 'scheduled' then return 'SALE_STARTED' end
  -- The terms that came along may be those of another edit in the same call.
  if asked.creation.item ~= command.fingerprint then return 'SALE_CHANGED' end
  local plan = sale_commands.plan_of(asked)
  local text = sale_commands.plan_text(plan)
  if sales.course.lots(sale) ~= '' then
    if text ~= redis.call('HGET', sale.key, 'plan') then return 'SALE_HAS_LOTS' end
  else
    if plan.firstLotEndsAt <= math.max(now, plan.startsAt) then return 'END_NOT_AFTER_START' end
    if plan.firstLotEndsAt > now + selling.MAX_SPAN_MS then return 'END_TOO_LATE' end
    sale.ends_at = plan.firstLotEndsAt
  end
  sale.registration, sale.default_limit = plan.registration, plan.defaultLimit
  books.emit(sale, asked, now, 'edited', '', books.facts(command, ',"sale":' .. asked.creation.text))
  sales.course.write(sale, asked, now)
  redis.call('HSET', sale.key, 'terms', asked.creation.text, 'plan', text)
  return nil, sale_commands.receipt(sale, now)
end

function sale_commands.register(sale, asked, command, now)
  local user = command.user
  if sale.status == 'ended' then return 'SALE_ENDED' end
  if user == sale.seller then return 'SELLER_CANNOT_BID' end
  if sale.registration == 'none' then return 'NO_REGISTRATION' end
  local member = sales.member(sale, user)
  if not member then
    if sale.paddles >= sale_commands.MAX_REGISTRATIONS then return 'SALE_FULL' end
    if not has_room() then return 'NO_ROOM' end
    sale.paddles = sale.paddles + 1
    member = {
      paddle = sale.paddles, status = sale.registration == 'open' and 'approved' or 'pending',
      limit = sale.default_limit, committed = 0, has_changed = true,
    }
    sale.members[user] = member
    books.emit(sale, asked, now, 'registered', '',
      books.facts(command, sale_commands.registration_facts(member)))
    sales.course.write(sale, asked, now)
    redis.call('HSET', sale.key, 'p:' .. digits[member.paddle], user)
  end
  return nil, sale_commands.member_text(member)
end

local ADMITTED = { approve = 'approved', refuse = 'refused', block = 'blocked' }

-- The paddle comes in `amount`, the new limit in `maximum`.
function sale_commands.admit(sale, asked, command, now)
  local code = sale_commands.managing_code(sale, command)
  if code then return code end
  local user = redis.call('HGET', sale.key, 'p:' .. digits[command.amount])
  if not user then return 'REGISTRATION_NOT_FOUND' end
  local member, limit = sales.member(sale, user), command.maximum
  if limit == 0 then limit = member.limit elseif limit == sale_commands.NO_LIMIT then limit = 0 end
  if limit > 0 and limit < member.committed then return 'LIMIT_BELOW_COMMITTED' end
  member.status, member.limit, member.has_changed = ADMITTED[command.kind], limit, true
  books.emit(sale, asked, now, 'admitted', '',
    books.facts(command, ',"bidder":"' .. user .. '"' .. sale_commands.registration_facts(member)))
  sales.course.write(sale, asked, now)
  return nil, sale_commands.member_text(member) .. ' ' .. user
end

-- Lets `manage` act on a lot at the sale's instant, if it wants to, as a call of the lot's own would.
function sale_commands.manage_lot(asked, command, id, now, notices, manage)
  local key = asked.tag .. KEY.auction .. id
  local lot = {
    id = id, key = key, tag = asked.tag, salt = books.salt(asked, id), trace = '',
    called_at = asked.called_at, run_id = asked.run_id, is_writing = false, changes = { key },
    users = {}, bidders = {}, answers = {},
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
function sale_commands.manage_lots(sale, asked, command, now, notices, manage)
  local failure
  for id in string.gmatch(sales.course.lots(sale), ':([^,]+)') do
    local managed, reason = pcall(sale_commands.manage_lot, asked, command, id, now, notices, manage)
    if not managed then failure = reason end
  end
  if failure then error(failure) end
end

function sale_commands.pause(sale, asked, command, now, notices)
  local code = sale_commands.managing_code(sale, command)
  if code then return code end
  if sale.status == 'paused' then return 'ALREADY_PAUSED' end
  sale.before, sale.status, sale.paused_at = sale.status, 'paused', now
  books.emit(sale, asked, now, 'paused', command.reason, books.facts(command, ''))
  sales.course.write(sale, asked, now)
  sale_commands.manage_lots(sale, asked, command, now, notices, function(auction, own, at, lot)
    if auction.status == 'scheduled' or auction.status == 'live' then
      selling.pause(auction, own, at, lot)
    end
  end)
  local after = sales.course.find(asked.tag, asked.id)
  return nil, sale_commands.receipt(after, now), after
end

-- A lot that was paused by itself before stays so.
function sale_commands.resume(sale, asked, command, now, notices)
  local code = sale_commands.managing_code(sale, command)
  if code then return code end
  if sale.status ~= 'paused' then return 'NOT_PAUSED' end
  local paused_at = sale.paused_at
  sale.status, sale.before, sale.paused_at = sale.before, '-', 0
  books.emit(sale, asked, now, 'resumed', command.reason, books.facts(command, ''))
  sales.course.write(sale, asked, now)
  sale_commands.manage_lots(sale, asked, command, now, notices, function(auction, own, at, lot)
    if auction.status == 'paused' and auction.paused_at >= paused_at then
      selling.resume(auction, own, at, lot)
    end
  end)
  local after = sales.course.find(asked.tag, asked.id)
  return nil, sale_commands.receipt(after, now), after
end

function sale_commands.read(sale, _, _, now)
  return nil, sale_commands.receipt(sale, now)
end

function sale_commands.me(sale, _, command)
  local member = sales.member(sale, command.user)
  return nil, member and sale_commands.member_text(member) or '0 - 0 0'
end

-- What decides each kind of command.
sale_commands.deciders = {
  edit = sale_commands.edit, register = sale_commands.register, approve = sale_commands.admit,
  refuse = sale_commands.admit, block = sale_commands.admit, pause = sale_commands.pause,
  resume = sale_commands.resume, read = sale_commands.read, me = sale_commands.me,
}

-- Whether a command can be decided as it is; its texts and numbers have their form.
function sale_commands.is_readable(asked, kind)
  if kind == 'create' or kind == 'edit' then return sale_commands.plan_of(asked) ~= nil end
  return sale_commands.deciders[kind] ~= nil
end

-- An answer as decide.lua documents it, and the sale, which the command may have created.
function sale_commands.answer(sale, asked, command, now, notices)
  local code, receipt, after
  if not sale then
    if command.kind ~= 'create' then return '+SALE_NOT_FOUND ', nil end
    code, receipt, after = sale_commands.create(asked, command, now)
  elseif command.kind == 'create' then
    receipt = sale_commands.receipt(sale, now)
  else
    code, receipt, after = sale_commands.deciders[command.kind](sale, asked, command, now, notices)
  end
  return code and '+' .. code .. ' ' or '+OK ' .. receipt, after or sale
end

-- All commands of one sale; the reply's table is that of an auction. Each is written before the next,
-- because pausing writes the lots, which bring the sale up to them.
function sale_commands.decide(asked, packed, first, notices)
  local fields = {}
  local list = commands.read(asked, packed, first, fields, sale_commands.is_readable)
  commands.load(asked, fields, #fields > 0 and redis.call('HMGET', asked.key, unpack(fields)) or {}, 0,
    sales.read_member)
  local reply = { '', '', '', '' }
  local sale, now = sales.course.find(asked.tag, asked.id), asked.called_at
  if sale then
    now = math.max(now, sale.last_at)
    sales.course.visit(sale, asked, now)
  end
  local wants_terms = false
  for i, command in ipairs(list) do
    reply[4 + i], sale = commands.answer(sale, asked, command, now, function()
      return sale_commands.answer(sale, asked, command, now, notices)
    end)
    wants_terms = wants_terms or (command.kind ~= 'me' and command.kind ~= 'register')
  end
  reply[1] = 'OK ' .. digits[now]
  if #asked.changes > 1 then redis.call('HSET', unpack(asked.changes)) end
  if sale and wants_terms then
    reply[4] = sales.course.lots(sale) .. '\n' .. (redis.call('HGET', asked.key, 'terms') or '')
  end
  return reply
end
