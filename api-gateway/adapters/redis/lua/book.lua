-- Books: private logs of what is no auction's event, in the form of shared/contracts/books.ts. A book's
-- hash has `shown` (epoch, seq, status), status, runId and the marks, as an auction's has. Nobody sees
-- them live, so that the keeper publishes them.

local books = {}

-- The book of this id, new when it is not here.
function books.open(asked, id)
  local key = asked.tag .. KEY.auction .. id
  local values = redis.call('HMGET', key, 'shown', 'runId')
  local epoch, seq = string.match(values[1] or '1 0 ', '^(%d+) (%d+) ')
  return {
    id = id, key = key, epoch = tonumber(epoch), seq = tonumber(seq), run_id = values[2] or asked.run_id,
    status = 'scheduled', public = {}, private = {},
  }
end

-- A salt for what a call has none for; without the call's own nobody can tell it.
function books.salt(asked, name)
  return string.sub(redis.sha1hex(asked.salt .. ' ' .. name), 1, 32)
end

-- As passing.start_epoch does for an auction.
function books.begin_epoch(book, asked, now)
  if book.run_id == asked.run_id then return end
  local parent, fork = book.epoch, book.seq
  book.run_id = asked.run_id
  book.epoch = math.max(parent + 1, math.floor(now / 1000))
  books.emit(book, asked, now, 'epoch', digits[parent], '{"fork":' .. digits[fork] .. '}')
end

-- Numbers and writes down an event. `word` stands behind the status, `facts` is its private JSON.
function books.emit(book, asked, now, type, word, facts)
  books.begin_epoch(book, asked, now)
  book.seq = book.seq + 1
  local nth = #book.public + 1
  book.public[nth] = type .. ' ' .. book.status .. (word ~= '' and ' ' .. word or '')
  book.private[nth] = books.salt(asked, book.id .. digits[book.seq]) .. ' ' .. facts
end

-- The private JSON of a command's event: `facts` are the members that its kind has.
function books.facts(command, facts)
  return '{"userId":"' .. command.user .. '","key":' .. cjson.encode(command.key) .. ',"fingerprint":"'
    .. command.fingerprint .. '"' .. facts .. '}'
end

-- Writes the events to the log. Answers what else is to be written of the book: its key, fields and
-- values.
function books.append(book, asked, now)
  local events = #book.public
  if events == 0 then return { book.key } end
  redis.call('XADD', asked.tag .. KEY.log .. book.id, digits[book.seq] .. '-0', 'public',
    '2 ' .. digits[book.epoch] .. ' ' .. digits[book.seq - events + 1] .. ' ' .. digits[now] .. '\n'
      .. table.concat(book.public, '\n'), 'private', table.concat(book.private, '\n'))
  asked.is_writing = true
  redis.call('ZADD', asked.tag .. KEY.lagging, 'NX', digits[now + 1000], book.id)
  book.public, book.private = {}, {}
  return {
    book.key, 'shown', digits[book.epoch] .. ' ' .. digits[book.seq] .. ' ' .. book.status,
    'status', book.status, 'runId', book.run_id,
  }
end
