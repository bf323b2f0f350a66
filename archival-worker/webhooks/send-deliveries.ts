/**
 * Sends what is due. A queue holds what one webhook is told of one auction: its messages go out one after
 * the other, each only when the one before it was taken or given up. Queues do not wait for each other,
 * and webhooks that fail or are slow share a part of the connections, so that the others always have some.
 * A queue is leased: several processes share the work, and when one dies its queues are taken by another.
 */
import { countsOf } from '@outcry/shared/domain/group-by.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { DeliveryFigures } from '../metrics.ts';
import { isTaken, type HttpsCourier } from './https-courier.ts';
import type { Claim } from './next-message.ts';
import type { WebhookQueues } from './queues.ts';

/** Messages under way at once, in this process. */
const MOST_AT_ONCE = 256;
const STRAINED_AT_ONCE = 128;
/** Of one webhook. */
const OF_WEBHOOK_AT_ONCE = 4;
const OF_STRAINED_WEBHOOK_AT_ONCE = 1;
/** Then another queue gets its turn. */
const MESSAGES_A_TURN = 50;
const LOOK_EVERY_MS = 500;
const GATHER_MS = 10;
const TIDY_EVERY_MS = 60_000;
const MEASURE_EVERY_MS = 15_000;
const PAUSE_AFTER_FAILURE_MS = 1_000;

export interface SendParts {
  readonly queues: WebhookQueues;
  readonly courier: HttpsCourier;
  readonly figures: DeliveryFigures;
  readonly log: Logger;
}

export class SendDeliveries {
  readonly #parts: SendParts;
  readonly #stopping = new AbortController();
  readonly #inHand = { strained: new Hand(), steady: new Hand() };
  readonly #taking: Rounds;
  readonly #background: readonly Rounds[];

  constructor(parts: SendParts) {
    this.#parts = parts;
    const { queues, figures, log } = parts;
    const failed =
      (what: string, everyMs: number) =>
      (error: unknown, inARow: number): number => {
        log[inARow === 1 ? 'warn' : 'debug']({ err: error }, what);
        return everyMs;
      };
    this.#taking = new Rounds(
      () => this.#takeAll(),
      failed('no deliveries now', PAUSE_AFTER_FAILURE_MS),
    );
    this.#background = [
      this.#taking,
      new Rounds(
        async () => {
          await queues.tidy();
          return TIDY_EVERY_MS;
        },
        failed('old deliveries cannot be removed now', TIDY_EVERY_MS),
      ),
      new Rounds(async () => {
        figures.backlog(await queues.backlog().catch(() => undefined));
        return MEASURE_EVERY_MS;
      }),
    ];
  }

  start(): void {
    for (const rounds of this.#background) rounds.start();
  }

  /** Something may be due: looks at once. */
  wake(): void {
    this.#taking.wake();
  }

  /** Ends the attempts in hand, and takes no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#background.map((rounds) => rounds.stop()));
    await Promise.all(Object.values(this.#inHand).map((hand) => hand.empty()));
  }

  async #takeAll(): Promise<number> {
    // Those who wake it soon after one another wake it once.
    await pause(GATHER_MS, this.#stopping.signal);
    const steady = await this.#take(false);
    const strained = await this.#take(true);
    // Where so many were due, more may be.
    return steady || strained ? 0 : LOOK_EVERY_MS;
  }

  /** @returns whether anything was taken */
  async #take(strained: boolean): Promise<boolean> {
    const { queues, log } = this.#parts;
    const hand = strained ? this.#inHand.strained : this.#inHand.steady;
    const free = (strained ? STRAINED_AT_ONCE : MOST_AT_ONCE - STRAINED_AT_ONCE) - hand.size;
    if (free <= 0) return false;
    const claims = await queues.claim({
      queues: free,
      ofWebhook: strained ? OF_STRAINED_WEBHOOK_AT_ONCE : OF_WEBHOOK_AT_ONCE,
      strained,
      inHand: hand.byWebhook(),
    });
    for (const claim of claims) {
      const work = this.#work(claim)
        .catch((error: unknown) => {
          // Nothing is known to be noted: when the lease is over it is sent again.
          const { webhookId, auctionId } = claim;
          log.warn({ err: error, webhookId, auctionId }, 'a delivery was not noted');
        })
        .finally(() => {
          this.#measure();
          this.wake();
        });
      hand.hold(claim, work);
    }
    this.#measure();
    return claims.length > 0;
  }

  async #work(claim: Claim): Promise<void> {
    const { queues, courier, figures, log } = this.#parts;
    for (let turn = 0; turn < MESSAGES_A_TURN && !this.#stopping.signal.aborted; turn += 1) {
      const message = await queues.next(claim);
      if (message === undefined) return;
      const end = await courier.send(message);
      const ok = isTaken(end);
      figures.attempted(end, ok);
      const { webhookId, auctionId } = claim;
      if (!ok) log.debug({ webhookId, auctionId, id: message.id, ...end }, 'not delivered');
      if (!(await queues.settle(claim, message, end))) return;
    }
    await queues.release(claim);
  }

  #measure(): void {
    const { strained, steady } = this.#inHand;
    this.#parts.figures.inFlight(strained.size + steady.size);
  }
}

/** Queues that are being worked on. */
class Hand {
  readonly #work = new Map<Claim, Promise<void>>();

  get size(): number {
    return this.#work.size;
  }

  hold(claim: Claim, work: Promise<void>): void {
    this.#work.set(claim, work);
    void work.then(() => this.#work.delete(claim));
  }

  byWebhook(): ReadonlyMap<string, number> {
    return countsOf([...this.#work.keys()].map(({ webhookId }) => webhookId));
  }

  async empty(): Promise<void> {
    await Promise.all(this.#work.values());
  }
}
