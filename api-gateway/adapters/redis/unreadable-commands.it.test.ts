/**
 * Commands that nobody can read, beside honest ones of the same auctions and the same script calls:
 * each is refused alone, and every honest command gets the answer that it gets without them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { seeded, shuffled } from '@outcry/shared/testing/seeded.ts';
import { SIZES } from '@outcry/shared/testing/sizes.ts';
import { plainCommand } from '@outcry/load-tests/rules-agreement/testing/random-commands.ts';
import type { AuctionBatch, AuctionCommand, NewAuction } from '../../bidding/auction-commands.ts';
import { decideScriptBody, DecideScript } from './decide-script.ts';

const AUCTIONS = ['a0-one', 'a0-two', 'a0-three', 'a0-four'];
/** They never come to be. */
const UNKNOWN = ['a0-new-1', 'a0-new-2', 'a0-new-3', 'a0-new-4', 'a0-new-5', 'a0-new-6'];
/** Of each in a call's part of one auction. */
const COMMANDS_A_PART = 8;
const USERS = ['ann', 'bob', 'cid', 'dee'];
const ENDS_AT = Date.now() + 30 * 24 * 60 * 60 * 1000;

let folder: string;
let server: LocalServer;
let redis: Redis;
let decider: DecideScript;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-unreadable-'));
  server = await startRedis({ dataDir: folder });
  redis = openRedis(server.url, 'test', createLogger('test', 'silent'));
  await untilReady(redis, 5_000);
  decider = new DecideScript(redis, decideScriptBody());
}, 60_000);

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const creationOf = (id: string): Creation => ({
  item: { id: `i${id.slice(1)}`, title: 'A clock' },
  newItem: true,
  sellerId: 'sam',
  currency: 'EUR',
  startPrice: 1_000,
  reservePrice: 0,
  buyNowPrice: 0,
  increments: '0:5,100:25',
  startsAt: 0,
  endsAt: ENDS_AT,
  durationMs: 0,
  softWindowMs: 30_000,
  softExtendMs: 30_000,
  hardEndsAt: ENDS_AT + 1_000_000,
  highestBid: 0,
  graceMs: 0,
});

function encoded(
  auctionId: string,
  change: object = {},
  texts: Partial<NewAuction> = {},
): NewAuction {
  const creation = { ...creationOf(auctionId), ...change };
  const { id } = creationOf(auctionId).item;
  return {
    creationText: JSON.stringify(creation),
    openTermsText: `{"id":"${auctionId}","item":{"id":"${id}"}`,
    itemText: `{"id":"${id}"}`,
    ...texts,
  };
}

const create = (auctionId: string, creation: NewAuction = encoded(auctionId)): AuctionCommand =>
  plainCommand('create', 'sam', { creation });

/** Values that no field may have, whatever its kind of command. */
const WRONG_WORDS = ['a b', 'a|b', 'a"b', 'a\\b', 'a\nb', 'a\0b', 'über', '🎉', '\ud800', '{}'];
const WRONG_USERS = [...WRONG_WORDS, 'ann|a|b-1|5000|0|', 'ann:key', 'x'.repeat(65)];
const WRONG_NUMBERS = [-1, -315_619_200_000, 0.5, NaN, Infinity, -Infinity, 1e21, 2 ** 63];
const WRONG_TIMES = [0, 1_000, 946_684_799_999, 253_402_300_800_000, 9e15];
const WRONG_CREATIONS: readonly object[] = [
  ...Object.keys(creationOf('a0-x'))
    .filter((name) => name !== 'currency' && name !== 'newItem')
    .flatMap((name) =>
      [undefined, null, true, [], {}, 'x|y', -5, 1e300].map((wrong) => ({ [name]: wrong })),
    ),
  ...['startPrice', 'reservePrice', 'buyNowPrice'].map((name) => ({ [name]: 1e12 + 1 })),
  ...['startsAt', 'endsAt', 'hardEndsAt'].flatMap((name) =>
    WRONG_TIMES.slice(1).map((wrong) => ({ [name]: wrong })),
  ),
  { startPrice: 0 },
  { item: { title: 'Nameless' } },
  { item: { id: 'a b', title: 'x' } },
  { sellerId: '' },
  { increments: '' },
];
const WRONG_TEXTS = [
  '',
  '{',
  'null',
  '[1',
  '"x"',
  '{"a":\n1}',
  '{"a":"\0"}',
  '\ud800',
  '{"a":01x}',
];

type Change = Partial<AuctionCommand>;

const either = (name: 'amount' | 'maxAmount', values: readonly number[]): Change[] =>
  values.map((value) => ({ amount: 0, maxAmount: 0, [name]: value }));

/** What makes a good command of this kind one that cannot be read. */
function faultsOf(kind: AuctionCommand['kind'], auctionId: string): readonly Change[] {
  const words: Change[] = [
    ...WRONG_USERS.map((userId) => ({ userId })),
    ...[...WRONG_WORDS.filter((word) => /[^!-~]/.test(word)), 'x'.repeat(129)].map((key) => ({
      key,
    })),
    ...[...WRONG_WORDS, 'x'.repeat(65)].map((fingerprint) => ({ fingerprint })),
    ...['', 'Bid', 'drop', 'bid|ann', 'über', 'toString'].map((wrong) => ({
      kind: wrong as AuctionCommand['kind'],
    })),
    { amount: 1_000, maxAmount: 1_000 },
    ...either('amount', WRONG_NUMBERS),
    ...either('maxAmount', WRONG_NUMBERS),
  ];
  switch (kind) {
    case 'bid':
      return [
        ...words,
        ...either('amount', [0, 1e12 + 1]),
        ...either('maxAmount', [1e12 + 1]),
        { userId: '' },
      ];
    case 'extend':
      return [...words, ...either('amount', WRONG_TIMES), { userId: '' }];
    case 'create': {
      const creations: NewAuction[] = [
        ...WRONG_CREATIONS.map((change) => encoded(auctionId, change)),
        ...WRONG_TEXTS.map((creationText) => encoded(auctionId, {}, { creationText })),
        // These come without their closing brace.
        ...WRONG_TEXTS.filter((text) => text !== '{').map((openTermsText) =>
          encoded(auctionId, {}, { openTermsText }),
        ),
        ...WRONG_TEXTS.slice(1).map((itemText) => encoded(auctionId, {}, { itemText })),
      ];
      return [...words, { amount: 1_000 }, ...creations.map((creation) => ({ creation }))];
    }
    case 'read':
      return [...words, { amount: 1_000 }];
    default:
      return [...words, { amount: 1_000 }, { userId: '' }];
  }
}

const KINDS = ['bid', 'buy', 'cancel', 'extend', 'create', 'read', 'me'] as const;

/** One that can be read, before something in it is broken. */
function goodCommand(kind: AuctionCommand['kind'], auctionId: string): AuctionCommand {
  if (kind === 'create') return create(auctionId);
  if (kind === 'bid') return plainCommand(kind, 'eve', { maxAmount: 900_000, key: 'eve-key' });
  if (kind === 'extend') return plainCommand(kind, 'sam', { amount: ENDS_AT + 1_000 });
  return plainCommand(kind, kind === 'cancel' ? 'sam' : 'eve');
}

/** Every kind with every fault, over and over, in any order; half of them carry one more. */
function unreadable(seed: number): (part: readonly AuctionCommand[]) => AuctionCommand {
  const random = seeded(seed);
  let pool: AuctionCommand[] = [];
  const fill = (): AuctionCommand[] =>
    KINDS.flatMap((kind) => {
      const auctionId = random() < 0.5 ? 'a0-one' : 'a0-new-1';
      const faults = faultsOf(kind, auctionId);
      return faults.map((fault) => {
        const more = random() < 0.5 ? {} : faults[Math.floor(random() * faults.length)];
        return Object.assign(goodCommand(kind, auctionId), { trace: '\n \0' }, more, fault);
      });
    });
  return (part) => {
    // An auction's id stands for one request to create it, so a call has no two that differ.
    const mayCreate = part.every(({ creation }) => creation === undefined);
    const nextAt = (): number => pool.findIndex(({ creation }) => mayCreate || !creation);
    if (nextAt() === -1) pool = shuffled([...pool, ...fill()], random);
    const [taken] = pool.splice(nextAt(), 1);
    if (taken === undefined) throw new Error('no command is left');
    return taken;
  };
}

/** Bids of four users on an auction, with and without a key, some of them too low or repeated. */
function honestCommand(random: () => number, at: number): AuctionCommand {
  const userId = USERS[Math.floor(random() * USERS.length)] ?? '';
  const draw = random();
  if (draw < 0.05) return plainCommand('me', userId);
  if (draw < 0.08) return plainCommand('buy', userId, { key: `buy-${at % 40}` });
  const offer = 900 + at * 20 + Math.floor(random() * 400);
  const key = random() < 0.5 ? `key-${at % 60}` : '';
  return plainCommand(
    'bid',
    userId,
    random() < 0.3 ? { amount: offer, key } : { maxAmount: offer, key },
  );
}

/** An answer without what is new each time: the bid's id, and the time at its end or before the state. */
const comparable = (answer: string): string =>
  answer.replace(/ b-[\w-]+ /, ' b ').replace(/ \d{13}($| live)/, ' now$1');

interface Run {
  /** By call and auction, in order. */
  readonly honest: readonly string[];
  readonly refused: readonly string[];
  /** What the log has in the end, without salts, ids and times. */
  readonly logs: readonly string[];
}

/** Decides the same honest commands each time, with so many that nobody can read between them. */
async function run(calls: number, withBroken: boolean): Promise<Run> {
  await redis.flushall();
  await markShardsWhole(redis, 1);
  await decider.decide(
    AUCTIONS.map((auctionId) => ({ shard: 0, auctionId, commands: [create(auctionId)] })),
  );
  const random = seeded(7);
  const broken = unreadable(11);
  const mixing = seeded(13);
  const honest: string[] = [];
  const refused: string[] = [];
  for (let nth = 0; nth < calls; nth += 1) {
    const isHonest = new Map<AuctionCommand, boolean>();
    const batches: AuctionBatch[] = AUCTIONS.map((auctionId) => {
      const commands: AuctionCommand[] = [];
      for (let i = 0; i < COMMANDS_A_PART; i += 1) {
        const good = honestCommand(random, nth);
        const pair = withBroken ? [good, broken(commands)] : [good];
        isHonest.set(good, true);
        commands.push(...(mixing() < 0.5 ? pair : pair.toReversed()));
      }
      return { shard: 0, auctionId, commands };
    });
    // Other auctions of the call are named by broken commands alone.
    for (const [i, auctionId] of withBroken ? UNKNOWN.entries() : []) {
      batches.splice(i * 2, 0, { shard: 0, auctionId, commands: [broken([])] });
    }
    const decisions = await decider.decide(batches);
    for (const { auctionId, commands } of batches) {
      const decision = decisions.get(auctionId);
      const answers = decision?.kind === 'decided' ? decision.batch.answers : [];
      commands.forEach((command, i) => {
        const answer = answers[i] ?? `${decision?.kind}`;
        if (isHonest.has(command)) honest.push(comparable(answer));
        else refused.push(`${command.kind}: ${answer}`);
      });
    }
  }
  const logs = await Promise.all(
    AUCTIONS.map(async (auctionId) => {
      const entries = await redis.xrange(auctionKeys(0, auctionId).log, '-', '+');
      return JSON.stringify(entries).replaceAll(/b-[\w-]{20}|[0-9a-f]{32}|\d{13}/g, '');
    }),
  );
  return { honest, refused, logs };
}

test(`${SIZES.unreadableCommands} commands that nobody can read change no other's answer`, async () => {
  const brokenInCall = AUCTIONS.length * COMMANDS_A_PART + UNKNOWN.length;
  const calls = Math.ceil(SIZES.unreadableCommands / brokenInCall);
  const without = await run(calls, false);
  const beside = await run(calls, true);
  expect(beside.honest.filter((answer) => answer.startsWith('+OK')).length).toBeGreaterThan(500);
  expect(beside.honest).toEqual(without.honest);
  expect(beside.logs).toEqual(without.logs);
  expect(beside.refused.length).toBeGreaterThanOrEqual(SIZES.unreadableCommands);
  expect(beside.refused.filter((answer) => !answer.endsWith(': +UNREADABLE '))).toEqual([]);
  expect(await redis.keys('*a0-new*')).toEqual([]);
}, 120_000);
