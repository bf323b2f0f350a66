-- Decides commands of one or several auctions of a shard, in order, all at one instant of Redis's
-- clock. For each auction one log entry, one publish, one write of the state, however many commands.
--
-- KEYS   1 shard is whole     2 scheduled zset   3 live zset    4 ended zset   5 cancelled zset
--        6 busy items hash    7 behind zset
--        and for each auction: auction hash, log stream, bidders hash, answers hash, and the item
--        when its commands create it
-- ARGV   1 notices channel    2 due channel      3 traces channel
--        and for each auction: auction id, live channel, salt (32 hex digits, for timed events),
--        traceparent or '', creation JSON or '', public terms, open, item JSON, number of commands,
--        and the commands: kind|user|a (admin) or empty|bid id|amount|maximum|salt|fingerprint|key
--           kinds: bid, buy, cancel, extend, create, read, me
-- Reply  {'UNAVAILABLE'} when the shard's data is not whole, else {'OK', for each auction a table}:
--        {'OK', now ms, epoch, last seq, entry lines or '', first seq of the entry or '',
--         'status|minimum bid|ends at|leader|seller' or '', public terms or '', answers…}
--        or, when it failed on this auction's data, {'NOT_RUN' or 'MAY_HAVE_RUN', error}
-- Answer '+CODE|body' decided now, '=CODE|body' replayed; CODE is OK or a refusal (UNREADABLE:
--        the command has not the form above, and is as if it had not come); body is the minimum bid
--        for BID_TOO_LOW, else the receipt, see below.
-- Receipts  bid, buy:  bidId|epoch|seq|leading or outbid|alias|price|minimum bid|ends at|at (ms)
--           read, create, cancel, extend:  epoch|seq|at (ms)|public state JSON
--           me:  alias or ''|leading 0 or 1|maximum|bids
-- Everything about an auction is decided before its first write, because a script that fails
-- half-way keeps its writes. The auctions follow one another: the second of two creations in one
-- call must find the item busy.

if redis.call('EXISTS', KEYS[1]) == 0 then return { 'UNAVAILABLE' } end

local SHARD_KEYS, SHARD_ARGS = 7, 3
local AUCTION_ARGS = 8 -- before its commands
local INDEX_KEYS = { scheduled = KEYS[2], live = KEYS[3], ended = KEYS[4], cancelled = KEYS[5] }

local time = redis.call('TIME')
local time_of_call = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

-- What the call says of the auction whose part begins behind these keys and arguments.
local function read_part(keys_before, args_before)
  local asked = {
    id = ARGV[args_before + 1], live_channel = ARGV[args_before + 2],
    salt = ARGV[args_before + 3], trace = ARGV[args_before + 4],
    creation = ARGV[args_before + 5], open_terms = ARGV[args_before + 6],
    item = ARGV[args_before + 7],
    first_command = args_before + AUCTION_ARGS + 1,
    command_count = tonumber(ARGV[args_before + AUCTION_ARGS]),
    auction_key = KEYS[keys_before + 1], log_key = KEYS[keys_before + 2],
    bidders_key = KEYS[keys_before + 3], answers_key = KEYS[keys_before + 4],
    index_keys = INDEX_KEYS, busy_items_key = KEYS[6], behind_key = KEYS[7],
    notices_channel = ARGV[1], due_channel = ARGV[2], traces_channel = ARGV[3],
    run_id = run_id,
  }
  if asked.creation ~= '' then asked.item_key = KEYS[keys_before + 5] end
  return asked
end

local function decide_auction(asked)
  begin_auction(asked.salt)
  read_commands(asked)
  load_auction(asked.auction_key)
  now = time_of_call
  if auction then
    auction.id = asked.id
    now = math.max(now, auction.lastAt)
  end
  load_bidders(asked.bidders_key, users)
  load_answers(asked.answers_key)

  if auction then
    start_epoch_if_redis_restarted(run_id)
    start_and_end_on_time()
  end
  local answers = {}
  for i, command in ipairs(commands) do answers[i] = answer_to(command, asked) end
  if not auction then
    return { 'OK', digits(now), '0', '0', '', '', '', '', unpack(answers) }
  end

  local head = auction.status .. '|' .. minimum_text('') .. '|' .. digits(auction.endsAt)
    .. '|' .. auction.leader .. '|' .. auction.sellerId
  local terms = wants_terms() and terms_of(asked.auction_key) or ''
  local first_seq = #lines > 0 and digits(auction.seq - #lines + 1) or ''
  local entry = write_auction(asked)
  return { 'OK', digits(now), digits(auction.epoch), digits(auction.seq), entry, first_seq, head,
    terms, unpack(answers) }
end

local reply = { 'OK' }
local keys_before, args_before = SHARD_KEYS, SHARD_ARGS
while args_before < #ARGV do
  local asked = read_part(keys_before, args_before)
  is_writing = false
  -- Wrong data of one auction is no reason to answer nobody.
  local decided, result = pcall(decide_auction, asked)
  if not decided then
    local reason = type(result) == 'table' and result.err or result
    result = { is_writing and 'MAY_HAVE_RUN' or 'NOT_RUN', tostring(reason) }
  end
  reply[#reply + 1] = result
  keys_before = keys_before + (asked.item_key and 5 or 4)
  args_before = args_before + AUCTION_ARGS + asked.command_count
end
return reply
