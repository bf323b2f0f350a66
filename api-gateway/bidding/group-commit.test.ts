import { beforeEach, expect, test, vi } from 'vitest';
import {
  MAX_AUCTIONS_IN_CALL,
  MayHaveRunError,
  NotRunError,
  type AuctionBatch,
  type AuctionCommand,
  type DecidedBatch,
  type Decision,
  type Outcome,
  type Undecided,
} from './auction-commands.ts';
import { DEFAULT_LIMITS, GroupCommit, type GroupCommitLimits, type Lines } from './group-commit.ts';
import type { CommandSender } from './lane.ts';

const BID: AuctionCommand = {
  kind: 'bid',
  userId: 'ann',
  admin: false,
  amount: 1_000,
  maxAmount: 0,
  key: 'k',
  fingerprint: 'bid:1000',
};
const SHARDS = 2;

const onDefect = vi.fn();
beforeEach(() => onDefect.mockClear());

const decided = (...answers: string[]): Decision => ({
  kind: 'decided',
  batch: { now: 1, entry: undefined, head: undefined, terms: '', answers },
});

/** The script calls that were made, each to be answered by the test. */
class Calls {
  readonly made: {
    readonly batches: readonly AuctionBatch[];
    readonly answer: (decide: (batch: AuctionBatch) => Decision) => void;
  }[] = [];

  decide(batches: readonly AuctionBatch[]): Promise<ReadonlyMap<string, Decision>> {
    return new Promise((resolve) => {
      const answer = (decide: (batch: AuctionBatch) => Decision): void =>
        resolve(new Map(batches.map((batch) => [batch.auctionId, decide(batch)])));
      this.made.push({ batches, answer });
    });
  }

  /** What each call asked: auction ids and numbers of commands. */
  get asked(): (readonly [string, number])[][] {
    return this.made.map(({ batches }) =>
      batches.map(({ auctionId, commands }) => [auctionId, commands.length] as const),
    );
  }
}

const accept = ({ commands }: AuctionBatch): Decision =>
  decided(...commands.map((_, i) => `+OK ${i}`));

const engineOn = (
  calls: Pick<Calls, 'decide'>,
  limits: Partial<GroupCommitLimits> = {},
  onDecided: (auctionId: string, batch: DecidedBatch) => void = () => undefined,
  lines: Partial<Lines> = {},
): GroupCommit =>
  new GroupCommit(
    calls,
    { shards: SHARDS, lanes: SHARDS, calls: 2, ...lines },
    { refuse: () => undefined, onCall: () => undefined, onDecided, onDefect },
    { ...DEFAULT_LIMITS, ...limits },
  );

/** What the sender of a bid hears, a failure too. */
const ask = (engine: GroupCommit, auctionId: string): Promise<Outcome> =>
  engine.ask(auctionId, BID).catch((error: Undecided) => error);

/** The code of an answer, or the name of a failure. */
const codeOf = (outcome: Outcome): string =>
  outcome instanceof Error ? outcome.name : outcome.code;

const calledTimes = (calls: Calls, times: number) =>
  vi.waitFor(() => expect(calls.made).toHaveLength(times));

test('what arrives for a shard during a call forms the next one, in order of arrival', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const first = ask(engine, 'a0-x');
  await calledTimes(calls, 1);
  const later = ['a0-y', 'a0-x', 'a0-z', 'a0-y'].map((id) => ask(engine, id));
  const elsewhere = ask(engine, 'a1-x');
  await calledTimes(calls, 2);
  expect(calls.made[1]?.batches).toMatchObject([{ shard: 1, auctionId: 'a1-x' }]);
  expect(engine.waiting).toBe(4);
  calls.made[1]?.answer(accept);
  calls.made[0]?.answer(accept);
  await calledTimes(calls, 3);
  expect(calls.asked[2]).toEqual([
    ['a0-y', 2],
    ['a0-x', 1],
    ['a0-z', 1],
  ]);
  calls.made[2]?.answer(accept);
  const outcomes = await Promise.all([first, elsewhere, ...later]);
  expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['OK']));
  expect(await later[3]).toMatchObject({ body: '1' });
  await engine.close();
});

test('where there is one lane, a call takes auctions of all shards', async () => {
  const calls = new Calls();
  const engine = engineOn(calls, {}, undefined, { lanes: 1 });
  const bids = ['a1-x', 'a0-x', 'a1-y', 'a0-x'].map((id) => ask(engine, id));
  await calledTimes(calls, 1);
  expect(calls.made[0]?.batches).toMatchObject([
    { shard: 1, auctionId: 'a1-x' },
    { shard: 0, auctionId: 'a0-x', commands: [BID, BID] },
    { shard: 1, auctionId: 'a1-y' },
  ]);
  const later = ask(engine, 'a1-z');
  expect(engine.waiting).toBe(1);
  calls.made[0]?.answer(accept);
  await calledTimes(calls, 2);
  calls.made[1]?.answer(accept);
  const outcomes = await Promise.all([...bids, later]);
  expect(outcomes.map((outcome) => 'body' in outcome && outcome.body)).toEqual([
    '0',
    '0',
    '0',
    '1',
    '0',
  ]);
  await engine.close();
});

test('commands and auctions of a call are bounded, and so is what waits for an auction', async () => {
  const calls = new Calls();
  const engine = engineOn(calls, { maxBatch: 100, maxWaitingPerAuction: 150 });
  const first = ask(engine, 'a0-first');
  await calledTimes(calls, 1);
  const hot = Array.from({ length: 151 }, () => ask(engine, 'a0-hot'));
  const cold = Array.from({ length: 100 }, (_, i) => ask(engine, `a0-${i}`));
  expect(await hot[150]).toMatchObject({ name: 'NotRunError' });
  for (let call = 0; call < 4; call += 1) {
    // The next one is in flight already while enough commands wait.
    await calledTimes(calls, Math.min(call + 2, 4));
    calls.made[call]?.answer(accept);
  }
  await Promise.all([first, ...hot, ...cold]);
  const sizes = calls.made.map(({ batches }) => batches.length);
  expect(calls.asked[1]).toEqual([['a0-hot', 100]]);
  expect(calls.asked[2]?.[0]).toEqual(['a0-hot', 50]);
  expect(sizes).toEqual([1, 1, 51, 50]);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_AUCTIONS_IN_CALL);
  await engine.close();
});

test('a second call goes out beside the first when it is worth it, and no third one', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const bids = [ask(engine, 'a0-x')];
  const bid = (count: number) => {
    for (let i = 0; i < count; i += 1) bids.push(ask(engine, 'a0-x'));
  };
  await calledTimes(calls, 1);
  bid(7);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls.made).toHaveLength(1);
  bid(2);
  await calledTimes(calls, 2);
  bid(20);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls.asked).toEqual([[['a0-x', 1]], [['a0-x', 9]]]);
  expect(engine.waiting).toBe(20);
  // The later one first: what waits may go now, and the earlier one is still in flight.
  calls.made[1]?.answer(accept);
  await calledTimes(calls, 3);
  expect(calls.asked[2]).toEqual([['a0-x', 20]]);
  calls.made[2]?.answer(accept);
  calls.made[0]?.answer(accept);
  const outcomes = await Promise.all(bids);
  expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['OK']));
  await engine.close();
});

test('where calls may overtake one another, one is in flight at a time', async () => {
  const calls = new Calls();
  const engine = engineOn(calls, {}, undefined, { calls: 1 });
  const first = ask(engine, 'a0-x');
  await calledTimes(calls, 1);
  const later = Array.from({ length: 20 }, () => ask(engine, 'a0-x'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls.made).toHaveLength(1);
  calls.made[0]?.answer(accept);
  await calledTimes(calls, 2);
  expect(calls.asked[1]).toEqual([['a0-x', 20]]);
  calls.made[1]?.answer(accept);
  await Promise.all([first, ...later]);
  await engine.close();
});

test('a call has at most so many auctions', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const count = MAX_AUCTIONS_IN_CALL + 1;
  const bids = Array.from({ length: count }, (_, i) => ask(engine, `a0-${i}`));
  await calledTimes(calls, 1);
  calls.made[0]?.answer(accept);
  await calledTimes(calls, 2);
  calls.made[1]?.answer(accept);
  await Promise.all(bids);
  expect(calls.made.map(({ batches }) => batches.length)).toEqual([MAX_AUCTIONS_IN_CALL, 1]);
  await engine.close();
});

test('an auction that fails takes no other with it', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const bids = ['a0-unread', 'a0-good', 'a0-half'].map((id) => ask(engine, id));
  await calledTimes(calls, 1);
  const defect = new Error('WRONGTYPE');
  calls.made[0]?.answer((batch) => {
    if (batch.auctionId === 'a0-good') return accept(batch);
    const error =
      batch.auctionId === 'a0-half' ? new MayHaveRunError('half') : new NotRunError('unread');
    return { kind: 'failed', error, defect };
  });
  const outcomes = await Promise.all(bids);
  expect(outcomes.map(codeOf)).toEqual(['NotRunError', 'OK', 'MayHaveRunError']);
  expect(onDefect.mock.calls).toEqual([[defect], [defect]]);
  await engine.close();
});

test('an answer that nobody can read leaves the others their answers, and the gateway alive', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const bids = ['a0-x', 'a0-x', 'a0-x', 'a0-y'].map((id) => ask(engine, id));
  await calledTimes(calls, 1);
  calls.made[0]?.answer((batch) =>
    batch.auctionId === 'a0-x' ? decided('+OK first', 'nonsense', '+OK third') : accept(batch),
  );
  const outcomes = await Promise.all(bids);
  expect(outcomes.map(codeOf)).toEqual(['OK', 'MayHaveRunError', 'OK', 'OK']);
  expect(onDefect).toHaveBeenCalledOnce();
  await engine.close();
});

test('a call that fails against its contract leaves its bids unknown, and the shard goes on', async () => {
  const calls = new Calls();
  const broken = new Error('no call was made');
  const decide = vi.fn(calls.decide.bind(calls)).mockRejectedValueOnce(broken);
  const engine = engineOn({ decide });
  expect(await ask(engine, 'a0-x')).toMatchObject({ name: 'MayHaveRunError' });
  expect(onDefect.mock.calls).toEqual([[broken]]);
  const next = ask(engine, 'a0-x');
  await calledTimes(calls, 1);
  calls.made[0]?.answer(accept);
  expect(await next).toMatchObject({ code: 'OK' });
  await engine.close();
});

test('what is done with a batch afterwards cannot take its answers back', async () => {
  const calls = new Calls();
  const engine = engineOn(calls, {}, () => {
    throw new Error('the hand-off failed');
  });
  const bid = ask(engine, 'a0-x');
  await calledTimes(calls, 1);
  calls.made[0]?.answer(accept);
  expect(await bid).toMatchObject({ code: 'OK' });
  expect(onDefect).toHaveBeenCalledOnce();
  await engine.close();
});

/** A sender that counts what it hears. */
const sender = (isGone = false) => ({
  isGone: () => isGone,
  settle: vi.fn<CommandSender['settle']>(),
});

test('a command whose sender has left is not decided, and its neighbours are', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const [gone, there] = [sender(true), sender()];
  engine.submit('a0-gone', BID, gone);
  engine.submit('a0-x', BID, gone);
  engine.submit('a0-x', BID, there);
  await calledTimes(calls, 1);
  expect(calls.asked).toEqual([[['a0-x', 1]]]);
  expect(gone.settle.mock.calls).toMatchObject([
    [{ name: 'NotRunError' }],
    [{ name: 'NotRunError' }],
  ]);
  calls.made[0]?.answer(accept);
  await vi.waitFor(() => expect(there.settle).toHaveBeenCalledOnce());
  expect(there.settle.mock.calls).toMatchObject([[{ code: 'OK', body: '0' }]]);
  expect(engine.waiting).toBe(0);
  await engine.close();
});

test('a sender that throws takes no other its answer', async () => {
  const calls = new Calls();
  const engine = engineOn(calls);
  const thrown = new Error('no answer could be written');
  const [bad, good] = [sender(), sender()];
  bad.settle.mockImplementation(() => {
    throw thrown;
  });
  engine.submit('a0-x', BID, bad);
  engine.submit('a0-x', BID, good);
  await calledTimes(calls, 1);
  calls.made[0]?.answer(accept);
  await vi.waitFor(() => expect(good.settle).toHaveBeenCalledOnce());
  expect(bad.settle).toHaveBeenCalledOnce();
  expect(onDefect.mock.calls).toEqual([[thrown]]);
  await engine.close();
});

test('what is answered when its time is up is not answered again, nor called when it waited', async () => {
  const calls = new Calls();
  const engine = engineOn(calls, { answerLimitMs: 100 });
  const [asked, waiting] = [sender(), sender()];
  engine.submit('a0-x', BID, asked);
  await calledTimes(calls, 1);
  engine.submit('a0-x', BID, waiting);
  await vi.waitFor(() => expect(waiting.settle).toHaveBeenCalledOnce());
  expect(asked.settle.mock.calls).toMatchObject([[{ name: 'MayHaveRunError' }]]);
  expect(waiting.settle.mock.calls).toMatchObject([[{ name: 'NotRunError' }]]);
  calls.made[0]?.answer(accept);
  await engine.close();
  expect(calls.made).toHaveLength(1);
  expect(asked.settle).toHaveBeenCalledOnce();
});
