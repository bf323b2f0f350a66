-- Decides commands of one or several auctions, in order, all at one instant of Redis's clock. For
-- each auction one log entry, one publish, one write of the state, however many commands.
--
-- KEYS   the auctions' hashes. Their other keys and their shards' have the same tag in braces, and so
--        live on the same server; the names come from shared/contracts/keys.ts.
-- ARGV   1 the server's run id, or '' when the caller does not know it
--        and for each auction lines, all of which end with a line feed:
--          auction id, 32 hex digits of salt for timed events, and traceparent or nothing
--          when a command creates the auction: '=' and its creation JSON, '=' and its public terms, open,
--            '=' and the item's JSON or nothing; of a sale '=' and its terms, '=' and its plan, '='
--          a line for each command: kind user a (admin) or nothing, bid id, amount, maximum, salt,
--            fingerprint, key, and the reason (percent-encoded) where there is one; the kinds are bid, buy,
--            cancel, extend, pause, resume, remove, withdraw, create, read, me; of a sale create, edit,
--            register, approve, refuse, block, pause, resume, read, me
--        and at last the call's number, which the reply ends with: so the gateway knows it for its own
-- Reply  for each auction a table {head, public and private part of the log entry or '', public terms
--        or '' (of a sale: lots, a line feed, terms), answers…}, whose head is `OK now(ms)` and where an
--        auction that is no lot is known ` leader seller shown`;
--        or {'UNAVAILABLE'} when its shard's data is not whole; or, when it failed on this auction's data,
--        {'NOT_RUN' or 'MAY_HAVE_RUN', error}
-- Answer '+CODE body' decided now, '=CODE body' replayed; CODE is OK or a refusal (UNREADABLE:
--        the command has not the form above, and is as if it had not come); body is the minimum bid
--        or nothing for BID_TOO_LOW, else the receipt, see below.
-- Receipts  bid, buy:  bid id, epoch, seq, leading, outbid or scheduled, alias or 0, price, minimum bid or
--             -, end, at (ms)
--           read, create and what manages an auction:  epoch, seq, at (ms), public state
--           me, withdraw:  alias or 0, leading 0 or 1, maximum, bids
--           of a sale  register, me:  paddle or 0, status or -, limit or 0, committed
--           approve, refuse, block:  the same and the user
--           others:  epoch, seq, at (ms), status, end (ms)
-- Everything about an auction is decided before its first write, because a script that fails
-- half-way keeps its writes. The auctions follow one another: the second of two creations in one
-- call must find the item busy.

local time = redis.call('TIME')
local time_of_call = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local run_id = ARGV[1]
if run_id == '' then run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end

local shards = {} -- tag to whether its data was found whole on this server
local notices = {}

-- What the call says of one auction, before its commands; and where those begin.
local function read_head(key, packed)
  local _, last, id, salt, trace = string.find(packed, '^(%S*) (%x*) (%S*)\n')
  local asked = {
    id = id, key = key, tag = string.match(key, '^[^}]*}'), salt = salt, trace = trace,
    called_at = time_of_call, run_id = run_id, is_writing = false, changes = { key },
  }
  if string.sub(packed, last + 1, last + 1) == '=' then
    local text, open_terms, item
    _, last, text, open_terms, item = string.find(packed, '^=([^\n]*)\n=([^\n]*)\n=([^\n]*)\n', last + 1)
    asked.creation = { text = text, open_terms = open_terms, item = item }
  end
  return asked, last + 1
end

-- Only answers about the auction as a whole come with its public terms.
local function wants_terms(list)
  for _, command in ipairs(list) do
    local kind = command.kind
    if kind ~= 'bid' and kind ~= 'buy' and kind ~= 'me' and kind ~= 'unreadable' then return true end
  end
  return false
end

local function decide_auction(asked, packed, first)
  local fields = auctions.fields()
  local list = commands.read(asked, packed, first, fields, commands.has_kind)
  local values = redis.call('HMGET', asked.key, unpack(fields))
  if not values[1] and version_1.convert(asked) then
    values = redis.call('HMGET', asked.key, unpack(fields))
  end
  local auction = auctions.read(values, asked)
  commands.load(asked, fields, values, auctions.FIELDS, rules.read_bidder)
  local now = time_of_call
  if auction then now = passing.catch_up(auction, asked, now, #list == 0) end
  local reply = { '', '', '', '' }
  for i = 1, #list do
    reply[4 + i], auction = commands.answer(auction, asked, list[i], now, commands.decide)
  end
  reply[1] = 'OK ' .. digits[now]
  if not auction then return reply end
  local shown
  shown, reply[2], reply[3] = writing.write(auction, asked, now, notices)
  -- A lot may have other reasons to refuse a bid than that it is too low, and they come first.
  if not auction.sale then
    reply[1] = reply[1] .. ' ' .. auction.leader .. ' ' .. auction.seller .. ' ' .. shown
  end
  if wants_terms(list) then reply[4] = redis.call('HGET', asked.key, 'terms') or '' end
  return reply
end

local reply = {}
for i = 1, #KEYS do
  local packed = ARGV[i + 1]
  local asked, first = read_head(KEYS[i], packed)
  local is_whole = shards[asked.tag]
  if is_whole == nil then
    is_whole = redis.call('GET', asked.tag .. KEY.whole) == run_id
    shards[asked.tag] = is_whole
  end
  if not is_whole then
    reply[i] = { 'UNAVAILABLE' }
  else
    -- Wrong data of one auction is no reason to answer nobody.
    local decide = string.sub(asked.id, 1, 1) == 's' and sale_commands.decide or decide_auction
    local decided, result = pcall(decide, asked, packed, first, notices)
    if not decided then
      local reason = type(result) == 'table' and result.err or result
      result = { asked.is_writing and 'MAY_HAVE_RUN' or 'NOT_RUN', tostring(reason) }
    end
    reply[i] = result
  end
end
-- Only hints. Every node hears the notices of all shards, so those of a call go out as one message.
if #notices > 0 then
  redis.pcall('SPUBLISH', string.match(KEYS[1], '^[^}]*}') .. KEY.noticesChannel, table.concat(notices, '\n'))
end
reply[#KEYS + 1] = ARGV[#KEYS + 2]
return reply
