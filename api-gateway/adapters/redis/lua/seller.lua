-- What a seller may do: create, cancel, extend, pause, resume. An admin may do what the seller may, and
-- remove bidders. Every command answers a refusal code, or nil after it changed the auction.

local selling = {}

-- An event of a command that manages the auction, with the reason when one was given.
function selling.emit(auction, words, command)
  auctions.emit(auction, words .. (command.reason ~= '' and command.reason .. ' ' or ''),
    selling.secret(auction, command))
end

-- The private part of such an event.
function selling.secret(auction, command)
  return auctions.secret(auction, command.salt) .. ' ' .. command.user .. ' ' .. command.fingerprint .. ' '
    .. (command.key ~= '' and command.key or command.bid_id)
end

-- Why the user may not manage the auction.
function selling.managing_code(auction, command)
  if auction.status == 'ended' then return 'AUCTION_ENDED' end
  if auction.status == 'cancelled' then return 'AUCTION_CANCELLED' end
  return not command.admin and command.user ~= auction.seller and 'NOT_SELLER' or nil
end

function selling.cancel(auction, command, now, asked)
  local code = selling.managing_code(auction, command)
  if code then return code end
  if auction.leader ~= '' then return 'AUCTION_HAS_BIDS' end
  auction.status = 'cancelled'
  absentees.close(asked, now)
  selling.emit(auction, 'cancelled ', command)
end

-- The new end comes in `amount`, as ms.
function selling.extend(auction, command)
  local code = selling.managing_code(auction, command)
  if code then return code end
  if command.amount > auction.hard_ends_at then return 'BEYOND_HARD_END' end
  if command.amount <= auction.ends_at then return 'END_NOT_LATER' end
  auction.ends_at = command.amount
  selling.emit(auction, 'extended ', command)
end

-- Nobody may bid and time stands still, until somebody resumes.
function selling.pause(auction, command, now)
  local code = selling.managing_code(auction, command)
  if code then return code end
  if auction.status == 'paused' then return 'ALREADY_PAUSED' end
  auction.status = 'paused'
  auction.paused_at = now
  selling.emit(auction, 'paused ', command)
end

-- The ends move by as long as the pause was. A start that fell into the pause is now.
function selling.resume(auction, command, now, asked)
  local code = selling.managing_code(auction, command)
  if code then return code end
  if auction.status ~= 'paused' then return 'NOT_PAUSED' end
  local length = now - auction.paused_at
  auction.status = auction.paused_at < auction.starts_at and 'scheduled' or 'live'
  auction.paused_at = 0
  auction.paused_ms = auction.paused_ms + length
  auction.ends_at = auction.ends_at + length
  auction.hard_ends_at = auction.hard_ends_at + length
  selling.emit(auction, 'resumed ', command)
  passing.start_and_end(auction, now, asked.salt, asked)
end

-- How long after its end a bidder can still be removed. The archive seals later than that.
selling.REMOVAL_MS = 60 * 60 * 1000

-- The auction goes on as if the bids of the bidder with the alias in `amount` had not been made: another
-- leader stays, else who offered most of the others leads, the earlier of equals, at the price against
-- the second of them, which is no higher than before for a leader who stays. In a sale, who has committed
-- so much elsewhere meanwhile that the own maximum is above the limit is passed over.
function selling.remove(auction, command, now, asked)
  if auction.status == 'cancelled' then return 'AUCTION_CANCELLED' end
  if auction.status == 'ended' and (now > auction.ends_at + selling.REMOVAL_MS
    or redis.call('HEXISTS', asked.key, 'closed') == 1) then return 'AUCTION_ENDED' end
  local removed, best, second
  for user, bidder in pairs(selling.all_bidders(asked)) do
    if bidder.alias == command.amount then
      removed = bidder
    elseif bidder.maximum > 0
      and (user == auction.leader or not sales.is_over_limit(auction, user, bidder.maximum)) then
      bidder.user = user
      if not best or selling.is_ahead(auction, bidder, best) then best, second = bidder, best
      elseif not second or selling.is_ahead(auction, bidder, second) then second = bidder end
    end
  end
  if not removed or removed.maximum == 0 then return 'BIDDER_NOT_FOUND' end
  auction.bid_count = auction.bid_count - removed.bids
  removed.bids, removed.maximum, removed.since, removed.has_changed = 0, 0, 0, true
  if best then
    local stays = best.user == auction.leader
    best.has_changed = best.has_changed or not stays
    local price = second and rules.price_against(auction, best.maximum, second.maximum)
      or auction.start_price
    if stays then price = math.min(price, auction.price) end
    rules.lead(auction, best.user, best.alias, price, best.maximum)
    rules.lift_price_to_reserve(auction)
  else
    rules.lead(auction, '', 0, auction.start_price, 0)
  end
  if auction.status == 'ended' then auctions.set_outcome(auction) end
  selling.emit(auction, 'removed ' .. digits[command.amount] .. ' ', command)
end

-- Who leads already, or offered more than the other, or as much before.
function selling.is_ahead(auction, bidder, other)
  if bidder.user == auction.leader or other.user == auction.leader then
    return bidder.user == auction.leader
  end
  if bidder.maximum ~= other.maximum then return bidder.maximum > other.maximum end
  return bidder.since < other.since or (bidder.since == other.since and bidder.alias < other.alias)
end

-- Everybody who has bid on the auction, by user.
function selling.all_bidders(asked)
  local bidders, cursor = asked.bidders, '0'
  repeat
    local next_cursor, pairs_of = unpack(
      redis.call('HSCAN', asked.key, cursor, 'MATCH', 'b:*', 'COUNT', 1000))
    for i = 1, #pairs_of, 2 do
      local user = string.sub(pairs_of[i], 3)
      if not bidders[user] then bidders[user] = rules.read_bidder(pairs_of[i + 1]) end
    end
    cursor = next_cursor
  until cursor == '0'
  return bidders
end

function selling.is_whole(value, maximum)
  return type(value) == 'number' and value >= 0 and value <= maximum and value % 1 == 0
end

-- What the gateway takes for a time: the years 2000 to 9999, which ISO 8601 writes in four digits.
function selling.is_time(value)
  return selling.is_whole(value, 253402300799999) and value >= 946684800000
end

-- What the JSON text of an object holds, or nil. A line break would end a line of the log.
function selling.read_object(text)
  if string.find(text, '[%z\1-\31]') then return nil end
  local is_json, object = pcall(cjson.decode, text)
  return is_json and type(object) == 'table' and object or nil
end

-- No auction ends later than so long after its creation, so that none is kept for ever.
selling.MAX_SPAN_MS = 366 * 24 * 60 * 60 * 1000

function selling.read_creation(creation)
  local read = selling.read_object
  local terms = read(creation.text)
  if not terms or type(terms.item) ~= 'table' or not read(creation.open_terms .. '}')
    or (creation.item ~= '' and not read(creation.item)) then return nil end
  local item_id = terms.item.id
  if type(item_id) ~= 'string' or not string.find(item_id, '^[%w_-]+$') then return nil end
  for name, form in pairs({ sellerId = '^[%w_-]+$', increments = '^%d+:%d+[%d:,]*$' }) do
    if type(terms[name]) ~= 'string' or not string.find(terms[name], form) then return nil end
  end
  for _, name in ipairs({ 'startPrice', 'reservePrice', 'buyNowPrice', 'highestBid' }) do
    if not selling.is_whole(terms[name], MAX_AMOUNT) then return nil end
  end
  for _, name in ipairs({ 'durationMs', 'softWindowMs', 'softExtendMs', 'graceMs' }) do
    if not selling.is_whole(terms[name], selling.MAX_SPAN_MS) then return nil end
  end
  for _, name in ipairs({ 'startsAt', 'endsAt', 'hardEndsAt' }) do
    if terms[name] ~= 0 and not selling.is_time(terms[name]) then return nil end
  end
  if terms.saleId and (type(terms.saleId) ~= 'string' or not string.find(terms.saleId, '^s[%w_-]+$')
    or not selling.is_whole(terms.lot, 9999) or terms.lot == 0) then return nil end
  return terms.startPrice > 0 and terms or nil
end

-- The terms of the auction that this call creates, or nil when they cannot be read.
function selling.terms_of(asked)
  local creation = asked.creation
  if not creation then return nil end
  if creation.terms == nil then creation.terms = selling.read_creation(creation) or false end
  return creation.terms or nil
end

-- Answers a refusal code, or nil and the new auction. `creation.text` is the JSON of `Creation`
-- (shared/contracts/events.ts), kept as it came in the first event.
function selling.create(command, asked, now)
  local terms = selling.terms_of(asked)
  local sale, fault = nil, nil
  if terms.saleId then
    sale, fault = sales.course.place_lot(asked, terms, now)
    if fault then return fault end
  end
  local day = 24 * 60 * 60 * 1000
  local starts_at = math.max(terms.startsAt, now)
  local ends_at = terms.endsAt > 0 and terms.endsAt or starts_at + terms.durationMs
  local latest = now + selling.MAX_SPAN_MS
  local hard_ends_at = terms.hardEndsAt > 0 and terms.hardEndsAt or math.min(ends_at + day, latest)
  if not has_room() then return 'NO_ROOM' end
  if ends_at <= starts_at then return 'END_NOT_AFTER_START' end
  if ends_at > latest then return 'END_TOO_LATE' end
  if hard_ends_at > latest then return 'HARD_END_TOO_LATE' end
  if hard_ends_at < ends_at then return 'HARD_END_BEFORE_END' end
  if redis.call('HEXISTS', asked.tag .. KEY.busyItems, terms.item.id) == 1 then return 'ITEM_BUSY' end
  asked.conditions = struct.pack(PACKED.conditions, terms.startPrice, terms.reservePrice,
    terms.buyNowPrice, terms.softWindowMs, terms.softExtendMs, hard_ends_at, starts_at, terms.highestBid,
    terms.graceMs, terms.sellerId, terms.increments)
  local standing = struct.pack(PACKED.standing, 1, 0, terms.startPrice, 0, 0, 0, ends_at, 0, 0, now, 0, 0,
    'scheduled', '-', '')
  local auction = auctions.read({ standing, asked.conditions, asked.run_id }, asked)
  auction.stored_epoch, auction.stored_status, auction.is_archived = nil, nil, true
  if sale then
    auction.sale_id, auction.sale, auction.lot, auction.owing, auction.owed = sale.id, sale, terms.lot, '', 0
  end
  auctions.emit(auction, 'scheduled ', selling.secret(auction, command) .. ' '
    .. digits[starts_at] .. ' ' .. digits[ends_at] .. ' ' .. digits[hard_ends_at] .. ' '
    .. asked.creation.text)
  return nil, auction
end

-- What never changes of an auction, written with its first event.
function selling.write_creation(auction, asked)
  local creation = asked.creation
  local item_id = creation.terms.item.id
  local item_key = asked.tag .. KEY.item .. item_id
  local terms = creation.open_terms .. ',"startsAt":' .. digits[auction.starts_at] .. '}'
  redis.call('HSET', asked.key, 'conditions', asked.conditions, 'itemId', item_id, 'terms', terms,
    'lastAt', 'version 2')
  if auction.sale then redis.call('HSET', asked.key, 'sale', auction.sale.id) end
  redis.call('HSET', asked.tag .. KEY.busyItems, item_id, asked.id)
  redis.call('PERSIST', item_key) -- it was to go some time after an earlier auction of it
  if creation.item ~= '' then
    redis.call('HSET', item_key, 'json', creation.item, 'sellerId', auction.seller)
  end
end
