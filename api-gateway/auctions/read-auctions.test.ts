import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { MayHaveRunError, NotRunError, type Answer } from '../bidding/auction-commands.ts';
import { GroupCommit } from '../bidding/group-commit.ts';
import { ReadAuctions } from './read-auctions.ts';
import type { AuctionReading } from './stored-auctions.ts';

const READ: Answer = { code: 'OK', replayed: false, body: '1|2|3|{}', terms: '{}' };
const BID = {
  kind: 'bid',
  userId: 'ann',
  admin: false,
  amount: 1_000,
  maxAmount: 0,
  key: '',
  fingerprint: '',
} as const;

/** Reads beside an engine whose script calls hang until they are let go. */
function stage(stored: () => Promise<AuctionReading>, fault?: string) {
  const decided: string[] = [];
  const gate = new EventEmitter();
  const hangs = once(gate, 'open');
  const engine = new GroupCommit(
    {
      decide: async (batches) => {
        decided.push(...batches.flatMap(({ commands }) => commands.map(({ kind }) => kind)));
        await hangs;
        return new Map();
      },
    },
    { shards: 4, lanes: 4, calls: 2 },
    { refuse: () => undefined, onCall: () => {}, onDecided: () => {}, onDefect: () => {} },
  );
  const reads = new ReadAuctions({ read: stored }, engine, 4, () => fault);
  return { engine, reads, decided, letGo: () => gate.emit('open') };
}

test('a read is answered while the bids of its auction wait for Redis', async () => {
  const { engine, reads, decided, letGo } = stage(() => Promise.resolve(READ));
  const bid = engine.ask('a1-x', BID);
  expect(await reads.publicState('a1-x')).toEqual(READ);
  expect(await reads.ownState('a1-x', 'ann')).toEqual(READ);
  letGo();
  await expect(bid).rejects.toThrow(MayHaveRunError);
  expect(decided).toEqual(['bid']);
  await engine.close();
});

test('a read that finds a time passed makes the script act', async () => {
  const { engine, reads, decided, letGo } = stage(() => Promise.resolve('due'));
  letGo();
  await expect(reads.publicState('a1-x')).rejects.toThrow(MayHaveRunError);
  await expect(reads.ownState('a1-x', 'ann')).rejects.toThrow(MayHaveRunError);
  expect(decided).toEqual(['read', 'me']);
  await engine.close();
});

test('a read that fails changed nothing, and says so', async () => {
  const failing = stage(() => Promise.reject(new NotRunError('Redis did not answer')));
  await expect(failing.reads.publicState('a1-x')).rejects.toThrow(NotRunError);
  const away = stage(() => Promise.resolve(READ), 'no connection to Redis');
  await expect(away.reads.publicState('a1-x')).rejects.toThrow(
    new NotRunError('no connection to Redis'),
  );
  await Promise.all([failing.engine.close(), away.engine.close()]);
});

test('reads under way are bounded', async () => {
  const waiting: ((reading: AuctionReading) => void)[] = [];
  const { engine, reads } = stage(
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
  );
  const all = Array.from({ length: 10_000 }, () => reads.publicState('a1-x'));
  await expect(reads.publicState('a1-x')).rejects.toThrow(NotRunError);
  for (const answer of waiting) answer(READ);
  expect(await Promise.all(all)).toHaveLength(10_000);
  await engine.close();
});
