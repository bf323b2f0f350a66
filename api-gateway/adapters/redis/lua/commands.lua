-- The commands of one auction: read from their packed form, decided in order, answered.

local commands = {}

local UNREADABLE = { kind = 'unreadable' }

-- The gateway checks everything at its edge. A command that cannot be read all the same is refused
-- alone, whatever is wrong with it: its neighbours in the call must not notice. So all that a
-- decision relies on is checked here, before anything is decided.

-- The number that digits stand for, 0 where there are none; nil where they are not the ones that it
-- would be written with. Those are remembered, for it will be.
function commands.number_of(text)
  if text == '0' or text == '' then return 0 end
  if #text > 15 or string.find(text, '^0') then return nil end
  local number = tonumber(text)
  digits[number] = text
  return number
end

-- Whether a command of this kind can be decided as it is. `has_kind` tells which kinds there are.
function commands.is_readable(asked, kind, user, role, bid_id, amount, maximum, salt, fingerprint, key,
  reason, has_kind)
  if #user > 64 or #fingerprint > 64 or #key > 128 or #reason > 2400 or not amount or not maximum then
    return false
  end
  if kind == 'bid' then
    if (amount == 0) == (maximum == 0) or amount > MAX_AMOUNT or maximum > MAX_AMOUNT then return false end
  elseif not auction_commands.numbers_fit(kind, amount, maximum) then
    return false
  end
  if kind == 'read' then return true end
  if kind == 'me' then return user ~= '' end
  if user == '' or bid_id == '' or #salt ~= 32 then return false end
  return has_kind(asked, kind, role)
end

-- The kinds of commands of an auction.
function commands.has_kind(asked, kind, role)
  if kind == 'create' then return selling.terms_of(asked) ~= nil end
  return kind == 'bid' or kind == 'buy' or kind == 'withdraw'
    or (auction_commands.MANAGING[kind] and (kind ~= 'remove' or role == 'a'))
end

-- Reads the lines from `first` on, and adds to `fields` those of the auction that they need. Whose
-- bidder's record a field is, is kept in `asked.users`.
function commands.read(asked, packed, first, fields, has_kind)
  local find = string.find
  local list, seen, users = {}, {}, {}
  local from, length, wanted = first, #packed, #fields
  while from <= length do
    local _, last, kind, user, role, bid_id, amount, maximum, salt, fingerprint, key, reason = find(
      packed, '^(%l+) ([%w_-]*) (a?) ([%w_-]*) (%d*) (%d*) (%x*) ([%w:_-]*) ([!-~]*) ?([!-~]*)\n', from)
    local command = UNREADABLE
    if last then
      amount, maximum = commands.number_of(amount), commands.number_of(maximum)
      if commands.is_readable(asked, kind, user, role, bid_id, amount, maximum, salt, fingerprint,
        key, reason, has_kind) then
        command = {
          kind = kind, user = user, admin = role == 'a', bid_id = bid_id, amount = amount,
          maximum = maximum, salt = salt, fingerprint = fingerprint, key = key, reason = reason,
          answer = false, refusals = false,
        }
        if user ~= '' and not seen[user] then
          seen[user] = true
          wanted = wanted + 1
          fields[wanted] = 'b:' .. user
          users[wanted] = user
        end
        if key ~= '' then
          command.answer = 'a:' .. user .. ':' .. key
          command.refusals = 'r:' .. user
          fields[wanted + 1] = command.answer
          fields[wanted + 2] = seen[user] == true and command.refusals or nil
          seen[user] = 'refusals too'
          wanted = #fields
        end
      end
      from = last + 1
    else
      from = (find(packed, '\n', from, true) or length) + 1
    end
    list[#list + 1] = command
  end
  asked.users = users
  return list
end

-- What the hash has for these commands behind the first fields: its bidders by user, its answers by
-- field.
function commands.load(asked, fields, values, first_fields, read_bidder)
  local bidders, answers = {}, {}
  for i = first_fields + 1, #fields do
    local value, user = values[i], asked.users[i]
    if value and user then
      bidders[user] = read_bidder(value)
    elseif value then
      answers[fields[i]] = value
    end
  end
  asked.bidders, asked.answers = bidders, answers
end

-- Remembers an answer for the commands to come, of this call and of later ones.
function commands.keep(asked, field, record)
  local changes = asked.changes
  local last = #changes
  asked.answers[field] = record
  changes[last + 1], changes[last + 2] = field, record
end

-- A retry comes within seconds, and who sends hopeless commands for ever must not fill Redis: of
-- each user's refusals in an auction the newest are kept, so many bytes of them, each as
-- `<tab>key<tab>fingerprint+CODE body<line feed>`.
function commands.keep_refusal(asked, command, record)
  local most = 2048
  local kept = '\t' .. command.key .. '\t' .. record .. '\n' .. (asked.answers[command.refusals] or '')
  if #kept > most then kept = string.match(string.sub(kept, 1, most), '^.*\n') end
  commands.keep(asked, command.refusals, kept)
end

-- `fingerprint+CODE body` of the first answer under the command's key, or nil.
function commands.known_answer(asked, command)
  local known = asked.answers[command.answer]
  if known then return known end
  local refusals = asked.answers[command.refusals]
  if not refusals then return nil end
  local _, before = string.find(refusals, '\t' .. command.key .. '\t', 1, true)
  return before and string.match(refusals, '^[^\n]*', before + 1)
end

-- The answer to a refused command.
function commands.refusal(auction, code, user)
  local body = ''
  if code == 'BID_TOO_LOW' then
    body = auction.least and digits[auction.least] or ''
  elseif code == 'OVER_LIMIT' then
    body = digits[sales.course.available(auction, user)]
  end
  return '+' .. code .. ' ' .. body
end

-- Every function from here on gives an answer as decide.lua documents it.

function commands.decide_bid(auction, asked, command, now)
  local leader_before, user = auction.leader, command.user
  if auction.status == 'scheduled' and command.maximum > 0 then
    local code, receipt = auction_commands.leave_bid(auction, asked, command, now)
    return code and commands.refusal(auction, code, user) or '+OK ' .. receipt
  end
  local decide = command.kind == 'buy' and rules.buying.buy or rules.place_bid
  local code = decide(auction, asked.bidders, command, now)
  if code then return commands.refusal(auction, code, user) end
  local leads = auction.leader == user
  if leads and leader_before ~= '' and leader_before ~= user then
    asked.beaten = asked.beaten or {}
    asked.beaten[leader_before] = true
  end
  return '+OK ' .. command.bid_id .. ' ' .. digits[auction.epoch] .. ' ' .. digits[auction.seq]
    .. (leads and ' leading ' or ' outbid ') .. digits[asked.bidders[user].alias] .. ' '
    .. digits[auction.price] .. ' ' .. (auction.least and digits[auction.least] or '-') .. ' '
    .. digits[auction.ends_at] .. ' ' .. digits[now]
end

-- The answer, and the auction, which the command may have created. What the answer depends on is in the
-- auction afterwards.
function commands.decide(auction, asked, command, now)
  local kind = command.kind
  local code, receipt
  if not auction then
    if kind ~= 'create' then return '+AUCTION_NOT_FOUND ', nil end
    code, receipt, auction = auction_commands.create(asked, command, now)
  elseif kind == 'bid' or kind == 'buy' then
    return commands.decide_bid(auction, asked, command, now), auction
  else
    code, receipt = auction_commands.decide(auction, asked, command, now)
  end
  return code and commands.refusal(auction, code, command.user) or '+OK ' .. receipt, auction
end

-- The answer to a command, and the auction or sale, which the command may have created. `decide` gives
-- both where the command is none that was answered before. What changed something is answered so as long
-- as it is here; of the rest only the newest are kept.
function commands.answer(subject, asked, command, now, decide)
  local kind = command.kind
  if kind == 'unreadable' then return '+UNREADABLE ', subject end
  if command.answer then
    local known = commands.known_answer(asked, command)
    if known then
      local fingerprint, answer = string.match(known, '^([^+]*)%+(.*)$')
      return fingerprint == command.fingerprint and '=' .. answer or '+IDEMPOTENCY_MISMATCH ', subject
    end
  end
  local seq_before, left_before = subject and subject.seq, asked.book and asked.book.seq
  local answer, after = decide(subject, asked, command, now)
  if kind ~= 'read' and kind ~= 'me' and after then
    local left_after = asked.book and asked.book.seq
    if after.seq ~= seq_before or left_after ~= left_before then
      commands.keep(asked, command.answer or 'a:' .. command.user .. ':' .. command.bid_id,
        command.fingerprint .. answer)
    elseif command.answer then
      commands.keep_refusal(asked, command, command.fingerprint .. answer)
    end
  end
  return answer, after
end
