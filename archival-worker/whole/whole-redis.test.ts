/** What a worker makes of a comparison; whole-redis.it.test.ts has real servers. */
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import type { CheckedRedis, ShardMark } from './checked-redis.ts';
import { WholeRedis } from './whole-redis.ts';
import type { KnownHead, Witnesses } from './witnesses.ts';

const NOW = 1_800_000_000_000;
const HEAD: KnownHead = { auctionId: 'a0-one', epoch: 1, seq: 5, at: NOW, mayBeGone: false };

/** A Redis whose first shard, the only one that can be read, stands at `seq`. */
class FakeRedis implements CheckedRedis {
  readonly isConnected = true;
  shards = 1;
  marker = 'former';
  seq: number;
  wasReplica = false;
  /** Called before a shard is closed. */
  beforeClose: () => void = () => undefined;

  constructor(seq: number) {
    this.seq = seq;
  }

  shardsWritten = () => Promise.resolve(this.shards);

  marks(): Promise<ShardMark[]> {
    const { marker, wasReplica } = this;
    const state = marker === 'present' ? 'whole' : marker === '' ? 'missing' : 'unchecked';
    return Promise.resolve([{ shard: 0, state, marker, runId: 'present', wasReplica, now: NOW }]);
  }

  heads = () => Promise.resolve([{ epoch: 1, seq: this.seq }]);

  open(_shard: number, runId: string): Promise<void> {
    if (this.marker !== '') this.marker = runId;
    return Promise.resolve();
  }

  close(_shard: number, marker: string): Promise<boolean> {
    this.beforeClose();
    this.beforeClose = () => undefined;
    const isTheSame = this.marker === marker;
    if (isTheSame) this.marker = '';
    return Promise.resolve(isTheSame);
  }

  markFresh = () => Promise.resolve();
}

async function* pages<T>(...items: T[]): AsyncGenerator<T[]> {
  yield* [items];
}

/** Looks at this Redis once, with an archive that has this. */
const look = (redis: FakeRedis, head: KnownHead = HEAD): Promise<string | undefined> =>
  lookWith(redis, { archived: () => pages(head), streamed: () => pages() });

async function lookWith(
  redis: FakeRedis,
  known: Pick<Witnesses, 'archived' | 'streamed'>,
): Promise<string | undefined> {
  const witnesses: Witnesses = {
    hasEvents: () => Promise.resolve(true),
    messagesInStream: () => Promise.resolve(0),
    ...known,
  };
  const shards = await redis.shardsWritten();
  const whole = new WholeRedis(shards, redis, witnesses, createLogger('test', 'silent'));
  onTestFinished(() => whole.stop());
  await whole.start();
  return whole.problem;
}

test('what has as much as the archive, or more, is opened', async () => {
  for (const seq of [5, 6]) {
    const redis = new FakeRedis(seq);
    expect(await look(redis)).toBeUndefined();
    expect(redis.marker).toBe('present');
  }
});

test('what has less is closed', async () => {
  const redis = new FakeRedis(4);
  expect(await look(redis)).toContain('npm run rebuild');
  expect(redis.marker).toBe('');
});

test('a rebuild that ended during the comparison is not undone', async () => {
  const redis = new FakeRedis(4);
  redis.beforeClose = () => {
    redis.seq = 5;
    redis.marker = 'present';
  };
  expect(await look(redis)).toBeUndefined();
  expect(redis.marker).toBe('present');
});

test('a shard that a worker with less knowledge opened meanwhile is closed all the same', async () => {
  const redis = new FakeRedis(4);
  redis.beforeClose = () => {
    redis.marker = 'present';
  };
  expect(await look(redis)).toContain('npm run rebuild');
  expect(redis.marker).toBe('');
});

test.each([
  ['what a former replica lacks of the last minute is a failover', 59_000, 'present'],
  ['what it lacks of the time before is a loss', 61_000, ''],
])('%s', async (_, ageMs, marker) => {
  const redis = new FakeRedis(4);
  redis.wasReplica = true;
  await look(redis, { ...HEAD, at: NOW - ageMs });
  expect(redis.marker).toBe(marker);
});

test('what is archived during the comparison is not overlooked', async () => {
  const redis = new FakeRedis(4);
  let isArchived = false;
  async function* archived(): AsyncGenerator<KnownHead[]> {
    yield isArchived ? [HEAD] : [];
    isArchived = true;
  }
  await lookWith(redis, { archived, streamed: () => (isArchived ? pages() : pages(HEAD)) });
  expect(redis.marker).toBe('');
});

test('a shard is opened while the server of another one is away', async () => {
  const redis = new FakeRedis(5);
  redis.shards = 2;
  expect(await look(redis)).toBe('1 shards of Redis cannot be checked');
  expect(redis.marker).toBe('present');
});
