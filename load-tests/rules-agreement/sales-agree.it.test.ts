/** Random sales, driven through group commit and the real script, each followed by the model. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import { NO_LIMIT, type AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine, type Creation } from '@outcry/shared/contracts/events.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { recordLines } from '@outcry/shared/contracts/records.ts';
import type { Outage } from '@outcry/shared/domain/auction-rules.ts';
import { isBookId, shardedId } from '@outcry/shared/domain/ids.ts';
import type { SaleConditions } from '@outcry/shared/domain/sale-rules.ts';
import { checkRemovals } from '@outcry/shared/testing/check-removals.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { AgreementRedis } from './testing/agreement-redis.ts';
import { expectSame } from './testing/expected-answers.ts';
import { sorted } from './testing/expected-events.ts';
import { playTogether, type FollowedEngine } from './testing/followed-engine.ts';
import { ModelSale } from './testing/model-sale.ts';
import { concrete, plainCommand, SELLER, USERS, waitFor } from './testing/random-commands.ts';
import { saleRun } from './testing/random-sales.ts';
import type { RandomLimit, RandomLot, SaleRun, SaleRunStep } from './testing/random-sales.ts';

const STEPS_PER_SALE = 200;
const SALES_AT_ONCE = 3;
const COMMANDS_TO_TELL_APART = 200_000;

let server: AgreementRedis;

beforeAll(async () => {
  server = await AgreementRedis.start();
}, 60_000);

afterAll(() => server.stop());

/** What is asked of a sale that is over has few answers. */
const STEPS_AFTER_END = 15;

interface Sent {
  readonly id: string;
  readonly command: AuctionCommand;
}

class RunningSale {
  readonly #redis: Redis;
  readonly #engine: FollowedEngine;
  readonly #run: SaleRun;
  readonly #startedAt = Date.now();
  readonly #saleId = shardedId('s', 0, randomUUID());
  readonly #conditions = new Map<string, SaleConditions>();
  readonly #model: ModelSale;
  readonly #follow: (id: string) => void;
  readonly #sent: Sent[] = [];

  constructor(redis: Redis, engine: FollowedEngine, run: SaleRun, outage: Outage | undefined) {
    this.#redis = redis;
    this.#engine = engine;
    this.#run = run;
    const model = new ModelSale(this.#saleId, this.#conditions, outage);
    this.#model = model;
    this.#follow = engine.add((...decided) => model.follow(...decided));
    this.#follow(this.#saleId);
  }

  /** @returns how many commands there were */
  async run(): Promise<number> {
    const { conditions, opening, lots, steps, concurrency } = this.#run;
    const at = this.#startedAt;
    await this.#submit({
      id: this.#saleId,
      command: this.#withTerms('create', SELLER, {
        ...conditions,
        startsAt: conditions.startsAt === 0 ? 0 : at + conditions.startsAt,
        firstLotEndsAt: at + conditions.firstLotEndsAt,
      }),
    });
    // On a busy machine its short life can be over before it is created; both sides refuse it then.
    if (!this.#model.exists) return 0;
    await this.#play(opening, 1);
    await Promise.all(lots.map((lot) => this.#submit(this.#newLot(lot))));
    await Promise.all(
      USERS.slice(1).map((userId) => this.#submit(this.#onSale('register', userId))),
    );
    await this.#play(steps, concurrency);
    await this.#compareStored();
    return this.#sent.length;
  }

  /** All steps, so many at once; or until the sale has been over for a while. */
  async #play(steps: readonly SaleRunStep[], concurrency: number): Promise<void> {
    let afterEnd = 0;
    for (let from = 0; from < steps.length && afterEnd < STEPS_AFTER_END; from += concurrency) {
      const burst = steps.slice(from, from + concurrency);
      await Promise.all(
        burst.flatMap((each) => {
          const sent = this.#concrete(each);
          return sent === undefined ? [] : [this.#submit(sent)];
        }),
      );
      await waitFor(burst);
      if (this.#model.sale.status === 'ended') afterEnd += burst.length;
    }
  }

  #submit(sent: Sent): Promise<void> {
    this.#sent.push(sent);
    return this.#engine.submit(sent.id, sent.command);
  }

  #concrete(step: SaleRunStep): Sent | undefined {
    switch (step.kind) {
      case 'wait':
        return undefined;
      case 'again': {
        const earlier = this.#sent.at(-step.back);
        if (earlier === undefined || !step.changed) return earlier;
        return { ...earlier, command: { ...earlier.command, fingerprint: 'changed' } };
      }
      case 'auction':
        return this.#onLot(step);
      case 'lot':
        return this.#newLot(step);
      case 'register':
        return this.#onSale('register', step.userId);
      case 'own':
        return this.#onSale('me', step.userId);
      case 'look':
        return this.#onSale('read', step.userId);
      case 'admit': {
        const { decision, userId, admin, paddle } = step;
        const maxAmount = this.#limit(step.limit, paddle);
        return this.#onSale(decision, userId, {
          admin,
          amount: paddle,
          maxAmount,
          fingerprint: `${decision}:${paddle}:${maxAmount}`,
        });
      }
      case 'edit': {
        const conditions = { ...this.#model.sale.conditions, ...step.changes };
        const command = this.#withTerms('edit', step.userId, conditions);
        return { id: this.#saleId, command: { ...command, admin: step.admin } };
      }
      default:
        return this.#onSale(step.kind, step.userId, {
          admin: step.admin,
          reason: 'Une pause, déjà ?',
        });
    }
  }

  #limit(limit: RandomLimit, paddle: number): number {
    switch (limit.kind) {
      case 'keep':
        return 0;
      case 'none':
        return NO_LIMIT;
      case 'committed': {
        const committed = this.#model.registrationOf(paddle)?.committed ?? 0;
        return Math.max(1, committed + limit.plus);
      }
      default:
        return limit.amount;
    }
  }

  #onSale(kind: AuctionCommand['kind'], userId: string, rest: Partial<AuctionCommand> = {}): Sent {
    return { id: this.#saleId, command: plainCommand(kind, userId, { ...rest, key: this.#key }) };
  }

  get #key(): string {
    return `key-${this.#sent.length}`;
  }

  #onLot({ lot, command }: Extract<SaleRunStep, { kind: 'auction' }>): Sent | undefined {
    const auction = this.#model.sale.lots.get(lot);
    const id = this.#model.auctionId(lot);
    if (auction === undefined || id === undefined) return undefined;
    const most = 'userId' in command ? this.#model.mostOn(lot, command.userId) : 0;
    const own = this.#sent.map((each) => each.command);
    const asked = concrete(command, auction, own, most);
    return asked && { id, command: asked };
  }

  /** A command that brings terms of the sale along. */
  #withTerms(kind: 'create' | 'edit', userId: string, conditions: SaleConditions): AuctionCommand {
    const fingerprint = `${kind}-${this.#conditions.size}`;
    this.#conditions.set(fingerprint, conditions);
    return plainCommand(kind, userId, {
      key: this.#key,
      fingerprint,
      creation: {
        creationText: JSON.stringify({ id: this.#saleId, title: conditions.title }),
        openTermsText: JSON.stringify(conditions),
        itemText: fingerprint,
      },
    });
  }

  #newLot({ lot, creation: relative, hasOwnTimes, isOutdated }: RandomLot): Sent {
    const id = shardedId('a', 0, randomUUID());
    this.#follow(id);
    const now = Date.now();
    const { currency, softWindowMs, softExtendMs, graceMs } = this.#model.sale.conditions;
    const hasHardEnd = hasOwnTimes && relative.hardEndsAt > 0;
    const creation: Creation = {
      ...relative,
      item: { ...relative.item, id: id.replace('a', 'i') },
      currency: isOutdated ? 'CHF' : currency,
      startsAt: hasOwnTimes && relative.startsAt > 0 ? now + relative.startsAt : 0,
      endsAt: hasOwnTimes ? now + relative.endsAt : 0,
      hardEndsAt: hasHardEnd ? now + relative.hardEndsAt : 0,
      softWindowMs,
      softExtendMs,
      graceMs,
      saleId: this.#saleId,
      lot,
    };
    const command = plainCommand('create', relative.sellerId, {
      key: this.#key,
      creation: {
        creationText: JSON.stringify(creation),
        openTermsText: JSON.stringify({ id, item: creation.item }).slice(0, -1),
        itemText: '',
      },
    });
    return { id, command };
  }

  /** What everybody has committed, where everything stands, every log, and the lists. */
  async #compareStored(): Promise<void> {
    const { sale } = this.#model;
    await Promise.all([
      ...USERS.map((userId) => this.#submit(this.#onSale('me', userId))),
      ...[...sale.lots.keys()].map((lot) =>
        this.#submit({
          id: this.#model.auctionId(lot) ?? '',
          command: plainCommand('read', ''),
        }),
      ),
    ]);
    await this.#submit(this.#onSale('read', ''));
    for (const [id, expected] of this.#model.logs) await this.#compareLog(id, expected);
    await this.#compareLists();
  }

  async #compareLog(id: string, expected: readonly string[]): Promise<void> {
    const entries = await this.#redis.xrange(auctionKeys(0, id).log, '-', '+');
    const lines = entries.flatMap(([, [, publicText = '', , privateText = '']]) =>
      eventLines(recordLines(id, { publicText, privateText })),
    );
    const events = lines.map((line) => comparable(id, line));
    for (let nth = 0; nth < Math.max(events.length, expected.length); nth += 1) {
      expectSame(`event ${nth + 1} of ${id}`, events[nth], expected[nth]);
    }
    if (isBookId(id)) return;
    checkRemovals(lines, (seq, userId) => this.#model.mostAtRemoval(id, seq, userId));
  }

  async #compareLists(): Promise<void> {
    const keys = shardKeys(0);
    const lists = {
      scheduled: keys.scheduledSales,
      live: keys.liveSales,
      paused: keys.pausedSales,
      ended: keys.endedSales,
    };
    const { status, endsAt } = this.#model.sale;
    for (const [name, list] of Object.entries(lists)) {
      const score = await this.#redis.zscore(list, this.#saleId);
      const isHere = name === status;
      expectSame(`${this.#saleId} in the list of ${name} sales`, score !== null, isHere);
      // A scheduled one whose end has passed is looked at again later.
      if (name === 'live' || name === 'paused') {
        expectSame(`end in the list`, score, isHere ? `${endsAt}` : null);
      }
    }
  }
}

/** An event in the form in which the model expects it. */
function comparable(id: string, line: string): string {
  const { publicText, privateText } = splitEventLine(line);
  const shown = ownJson<object>(publicText);
  if (!isBookId(id)) return sorted(shown);
  const {
    key: _key,
    fingerprint: _fingerprint,
    sale: _sale,
    ...facts
  } = ownJson<{
    key?: unknown;
    fingerprint?: unknown;
    sale?: unknown;
  }>(privateText);
  return sorted({ ...shown, private: facts });
}

/** Runs random sales, several at once, each to the end of its steps, and compares what Redis then has. */
function runMany(commands: number, body = decideScriptBody(), seed?: number): Promise<number> {
  const { redis } = server;
  const decider = new DecideScript(redis, body);
  return server.runChunks(
    commands,
    saleRun(STEPS_PER_SALE),
    (sales, outage) =>
      playTogether(decider, sales, (engine, run) =>
        new RunningSale(redis, engine, run, outage).run(),
      ),
    { atOnce: SALES_AT_ONCE, outages: true, seed },
  );
}

describe('the script and the reference model of sales', () => {
  test(
    `agree on ${SIZES.agreementCommands} random commands, of sales and their lots in one call`,
    async () => {
      expect(await runMany(SIZES.agreementCommands)).toBeGreaterThan(0);
    },
    LONG_TEST_MS,
  );

  const PLANTED: readonly (readonly [string, string, string])[] = [
    [
      'the limit is ignored',
      'return member.committed - committed_here + offered > member.limit',
      'return false',
    ],
    [
      'what a lot counts is added to what it counted before',
      'member.committed - committed_here + offered',
      'member.committed + offered',
    ],
    ['who is outbid stays committed', 'former.committed = former.committed - auction.owed', ''],
    [
      'a lot that is won counts the own maximum',
      "if auction.outcome == 'sold' then return auction.leader, auction.price end",
      "if auction.outcome == 'sold' then return auction.leader, auction.leader_max end",
    ],
    ['a paddle is given twice', 'sale.paddles = sale.paddles + 1', 'sale.paddles = 1'],
    [
      'a limit may be set below what is committed',
      'limit > 0 and limit < member.committed',
      'limit > 0 and limit + 1 < member.committed',
    ],
    [
      'a lot that was paused alone resumes with the sale',
      "auction.status == 'paused' and auction.paused_at >= paused_at",
      "auction.status == 'paused'",
    ],
    [
      'a removal gives the lead to who may not owe so much',
      'not sales.is_over_limit(auction, user, bidder.maximum)',
      'true',
    ],
    [
      'a lot that starts in the instant of a pause does not start the sale',
      'if auction.has_started then',
      "if auction.has_started and status == 'live' then",
    ],
  ];
  test.each(PLANTED)(
    'are told apart when %s (planted in the script)',
    async (_what, right, wrong) => {
      const body = decideScriptBody();
      expect(body.split(right)).toHaveLength(2);
      await expect(runMany(COMMANDS_TO_TELL_APART, body.replace(right, wrong))).rejects.toThrow(
        /the script says/,
      );
    },
    LONG_TEST_MS,
  );
});
