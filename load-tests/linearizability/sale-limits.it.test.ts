/**
 * Limits in a sale, while many bid on many lots at two gateways that are killed under way. The logs of
 * the lots say what everybody had committed at each instant.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { SeededRandom } from './testing/clients.ts';
import {
  KillInTurn,
  readEvents,
  startHistoryStage,
  type HistoryStage,
} from './testing/run-history.ts';

const BIDDERS = 100;
const LOTS = 50;
const AT_ONCE = 100;
const START_PRICE = 100;
const LONGEST_STEP = 60;
/** Prices come near it towards the end, so that it allows first several lots, then one. */
const LIMIT = START_PRICE + Math.round((SIZES.limitedBids / LOTS) * 20);
const REQUEST_LIMIT_MS = 5_000;

let stage: HistoryStage;
beforeAll(async () => {
  stage = await startHistoryStage();
});
afterAll(() => stage.bed.close());

/** A refusal for the limit, and between which times it was decided. */
interface Refusal {
  readonly userId: string;
  readonly lot: string;
  readonly offered: number;
  readonly from: number;
  readonly to: number;
}

test(
  'nobody is ever above the limit, and no bid is refused for it that had room',
  async () => {
    const random = new SeededRandom(Math.floor(Math.random() * 2 ** 32));
    const { saleId, lots } = await openSale();
    const users = Array.from({ length: BIDDERS }, (_, i) => `user-${i}`);
    for (const user of users) await call('POST', `/v1/sales/${saleId}/registrations`, user, {});

    const killer = new KillInTurn(stage.gateways, stage);
    const calm = new AbortController();
    const killing = killer.killUntil(random.fork(), calm.signal);
    const refusals: Refusal[] = [];
    const codes: Record<string, number> = {};
    const minimum = new Map<string, number>();
    let left = SIZES.limitedBids;
    const bidOn = async (own: SeededRandom): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const userId = users[own.integer(0, BIDDERS - 1)] ?? '';
        const lot = lots[own.integer(0, LOTS - 1)] ?? '';
        const offered = (minimum.get(lot) ?? START_PRICE) + own.integer(0, LONGEST_STEP);
        const from = Date.now();
        const answer = await call('POST', `/v1/auctions/${lot}/bids`, userId, {
          maxAmount: offered,
        });
        const name = answer === undefined ? 'lost' : (answer.code ?? 'accepted');
        codes[name] = (codes[name] ?? 0) + 1;
        if (typeof answer?.['minimumBid'] === 'number') minimum.set(lot, answer['minimumBid']);
        if (name === 'OVER_LIMIT') {
          refusals.push({ userId, lot, offered, from, to: Date.now() });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, () => bidOn(random.fork())));
    calm.abort();
    await killing;
    console.log(`${SIZES.limitedBids} bids, ${killer.kills} gateways killed:`, codes);

    const history = await committedOverTime(lots);
    expect(history.above).toEqual([]);
    for (const refusal of refusals) {
      expect(history.mostElsewhere(refusal) + refusal.offered).toBeGreaterThan(LIMIT);
    }
    for (const user of users) {
      const own = await call('GET', `/v1/sales/${saleId}/registrations/me`, user);
      expect([user, own?.['committed']]).toEqual([user, history.atEnd(user)]);
    }
    expect(codes['accepted']).toBeGreaterThan(0);
    expect(refusals.length).toBeGreaterThan(0);
    expect(killer.kills).toBeGreaterThan(0);
  },
  LONG_TEST_MS,
);

async function openSale(): Promise<{ saleId: string; lots: readonly string[] }> {
  const hour = new Date(Date.now() + 3_600_000).toISOString();
  const sale = await call('POST', '/v1/sales', 'seller', {
    title: 'Lamps',
    currency: 'EUR',
    firstLotEndsAt: hour,
    staggerSeconds: 0,
    registration: 'open',
    defaultLimit: LIMIT,
    softClose: null,
  });
  const saleId = String(sale?.['id']);
  const lots: string[] = [];
  for (let lot = 1; lot <= LOTS; lot += 1) {
    const created = await call('POST', '/v1/auctions', 'seller', {
      saleId,
      lot,
      item: { title: `Lamp ${lot}` },
      startPrice: START_PRICE,
      increments: [{ from: 0, by: 1 }],
    });
    lots.push(String(created?.['id']));
  }
  return { saleId, lots };
}

type Answer = Readonly<Record<string, unknown>> & Partial<Pick<Problem, 'code'>>;

/** Asks either gateway. @returns undefined when no answer came */
async function call(
  method: 'GET' | 'POST',
  path: string,
  user: string,
  body?: object,
): Promise<Answer | undefined> {
  const gateway = stage.gateways[Math.floor(Math.random() * stage.gateways.length)];
  const headers = {
    authorization: `Bearer ${signToken(stage.bed.secret, user, ['bidder', 'seller'])}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  try {
    const answer = await fetch(`${gateway?.url ?? ''}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    return (await answer.json()) as Answer;
  } catch {
    // It was killed; it is back in a moment.
    const isBack = (): Promise<boolean> =>
      fetch(`${gateway?.url ?? ''}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitUntil(isBack, { withinMs: 30_000, what: 'the gateway' });
    return undefined;
  }
}

/** Who led a lot, at which maximum, from when on. */
interface Led {
  readonly lot: string;
  readonly at: number;
  readonly leader: string;
  readonly maximum: number;
}

/** What everybody had committed at each instant, from the lots' own logs. */
async function committedOverTime(lots: readonly string[]) {
  const led: Led[] = [];
  for (const lot of lots) {
    for (const { public: shown, private: secret } of await readEvents(stage, lot)) {
      const { leaderId: leader = '', leaderMax: maximum = 0 } = secret;
      led.push({ lot, at: Date.parse(shown.at), leader, maximum });
    }
  }
  const inOrder = led.toSorted((a, b) => a.at - b.at);
  const owed = new Map<string, { leader: string; maximum: number }>();
  const above: string[] = [];
  /** For each user, what each lot counted for the user, after each instant at which that changed. */
  const changes = new Map<string, { at: number; byLot: ReadonlyMap<string, number> }[]>();
  const byUser = new Map<string, Map<string, number>>();
  const lotsOf = (user: string): Map<string, number> => {
    const own = byUser.get(user) ?? new Map<string, number>();
    byUser.set(user, own);
    return own;
  };
  for (const [i, { lot, at, leader, maximum }] of inOrder.entries()) {
    const before = owed.get(lot);
    if (before !== undefined) lotsOf(before.leader).delete(lot);
    owed.set(lot, { leader, maximum });
    if (leader !== '') lotsOf(leader).set(lot, maximum);
    for (const user of new Set([before?.leader ?? '', leader])) {
      const own = changes.get(user) ?? [];
      own.push({ at, byLot: new Map(lotsOf(user)) });
      changes.set(user, own);
    }
    // Events of one millisecond on several lots have no order that the logs would tell.
    if (inOrder[i + 1]?.at === at) continue;
    for (const [user, own] of byUser) {
      if (user !== '' && sum(own) > LIMIT) above.push(`${user} at ${at}: ${sum(own)}`);
    }
  }
  return {
    above,
    atEnd: (user: string): number => sum(byUser.get(user) ?? new Map()),
    /**
     * The most that a user may have committed on other lots while a bid was decided: what changed in
     * one millisecond may have come in any order.
     */
    mostElsewhere({ userId, lot, from, to }: Refusal): number {
      const own = changes.get(userId) ?? [];
      const first = Math.max(
        0,
        own.findLastIndex(({ at }) => at < from),
      );
      const during = own.slice(first).filter(({ at }) => at <= to);
      return Math.max(
        0,
        ...during.map(({ at }, i) => {
          const held = during.filter((other, nth) => nth === i - 1 || other.at === at);
          const most = new Map<string, number>();
          for (const { byLot } of held) {
            for (const [id, amount] of byLot) {
              if (id !== lot) most.set(id, Math.max(amount, most.get(id) ?? 0));
            }
          }
          return sum(most);
        }),
      );
    },
  };
}

const sum = (amounts: ReadonlyMap<string, number>): number =>
  [...amounts.values()].reduce((total, amount) => total + amount, 0);
