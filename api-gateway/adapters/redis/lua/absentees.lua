-- Absentee bids: maxima that are left while an auction is scheduled. They count as made at its start, in
-- the order in which they were left, and nobody but their owners can tell that there are any: they are
-- no events of the auction, but of a book of its own (b7-… of a7-…).
--
-- The auction's hash has them in the field `absentees`, a line each: user, maximum, bid id, fingerprint,
-- key. The field is there from the first one to the start, so that few auctions need a look at their book.
-- `asked.absentees` is the list, once this call has read it.

local absentees = {}

-- So many in an auction at most.
absentees.MOST = 500

function absentees.list(asked)
  if not asked.absentees then
    local list, text = {}, redis.call('HGET', asked.key, 'absentees')
    if text then asked.book = books.open(asked, 'b' .. string.sub(asked.id, 2)) end
    for user, maximum, bid_id, fingerprint, key in string.gmatch(
      text or '', '(%S+) (%d+) (%S+) (%S*) ([^\n]*)\n') do
      list[#list + 1] = {
        kind = 'bid', user = user, amount = 0, maximum = tonumber(maximum), bid_id = bid_id,
        fingerprint = fingerprint, key = key,
      }
    end
    asked.absentees = list
  end
  return asked.absentees
end

-- Where a user's bid is in the list, and the bid; nil without one.
function absentees.find(asked, user)
  for i, bid in ipairs(absentees.list(asked)) do
    if bid.user == user then return i, bid end
  end
end

-- Notes what has happened to the list, which was read before.
function absentees.emit(asked, now, type, facts)
  if not asked.book then asked.book = books.open(asked, 'b' .. string.sub(asked.id, 2)) end
  books.emit(asked.book, asked, now, type, '', facts)
end

-- Leaves a maximum, or raises it, which puts it at the end of the order. A refusal code, or nil.
function absentees.leave(auction, asked, command, now)
  local barred = rules.barred_code(auction, asked.bidders, command.user)
  if barred then return barred end
  local at, before = absentees.find(asked, command.user)
  if before then
    if command.maximum <= before.maximum then return 'MAX_NOT_RAISED' end
  elseif command.maximum < auction.start_price then
    return 'BID_TOO_LOW'
  end
  if command.maximum > auction.highest_bid then return 'BID_TOO_HIGH' end
  if auction.sale and sales.is_over_limit(auction, command.user, command.maximum) then return 'OVER_LIMIT' end
  local list = asked.absentees
  if at then table.remove(list, at) elseif #list >= absentees.MOST then return 'NO_ROOM' end
  list[#list + 1] = command
  absentees.emit(asked, now, 'left', books.facts(command,
    ',"bidId":"' .. command.bid_id .. '","maxAmount":' .. digits[command.maximum]))
  return nil
end

function absentees.withdraw(asked, command, now)
  local at = absentees.find(asked, command.user)
  if not at then return 'NO_ABSENTEE_BID' end
  table.remove(asked.absentees, at)
  absentees.emit(asked, now, 'withdrawn', books.facts(command, ''))
  return nil
end

-- The auction has started, or never will: nothing follows in its book, if it has one. One call may start
-- and then cancel it.
function absentees.close(asked, now)
  local list, book = absentees.list(asked), asked.book
  if book and book.status ~= 'ended' then
    book.status = 'ended'
    absentees.emit(asked, now, 'closed', '{}')
    asked.absentees = {}
  end
  return list
end

-- Makes the bids that were left. One that cannot be made any more, because of those before, is none.
function absentees.apply(auction, asked, now)
  for _, bid in ipairs(absentees.close(asked, now)) do
    local leader_before = auction.leader
    bid.salt = books.salt(asked, bid.bid_id)
    local code = rules.place_bid(auction, asked.bidders, bid, now)
    if not code then
      asked.beaten = asked.beaten or {}
      if auction.leader ~= bid.user then asked.beaten[bid.user] = true end
      if leader_before ~= '' and leader_before ~= auction.leader then asked.beaten[leader_before] = true end
    end
  end
end

-- Lets the book know of another server, as its auction does.
function absentees.begin_epoch(asked, now)
  absentees.list(asked)
  if asked.book then books.begin_epoch(asked.book, asked, now) end
end

-- Writes what has happened to them, behind the auction's own events.
function absentees.write(asked, now)
  local book = asked.book
  if #book.public == 0 then return end
  redis.call('HSET', unpack(books.append(book, asked, now)))
  if book.status == 'ended' then return redis.call('HDEL', asked.key, 'absentees') end
  local lines = {}
  for i, bid in ipairs(asked.absentees) do
    lines[i] = bid.user .. ' ' .. digits[bid.maximum] .. ' ' .. bid.bid_id .. ' ' .. bid.fingerprint .. ' '
      .. bid.key .. '\n'
  end
  redis.call('HSET', asked.key, 'absentees', table.concat(lines))
end
