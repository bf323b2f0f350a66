/**
 * Takes every event from JetStream and rings at the queues of the webhooks that are told of it. What they
 * are told is read from the archive, which has every event once and in order whatever JetStream loses,
 * repeats or turns around: a message says only that there is something new, and is acknowledged once
 * the archive has it and the bell has rung.
 */
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import type { WebhookEvent } from '@outcry/shared/contracts/webhooks.ts';
import { isBookId, isSaleBook } from '@outcry/shared/domain/ids.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { auctionOfSubject, decodePublic } from '../archive/decode-entry.ts';
import type { Delivery, EventSource } from '../archive/ports.ts';
import { namesOf } from './messages.ts';
import type { Arrival, WebhookQueues } from './queues.ts';

/** An event that the archive still lacks is left to the look at what was missed. */
const WAITS_FOR_ARCHIVE_MS = 10 * 60 * 1000;
const LOOK_EVERY_MS = 60_000;
const PAUSE_AFTER_FAILURE_MS = 1_000;

export interface RingParts {
  readonly source: EventSource;
  readonly queues: WebhookQueues;
  /** Called when something may be due. */
  readonly rung: () => void;
  readonly log: Logger;
}

interface Entry {
  readonly auctionId: string;
  /** Of its last event. */
  readonly place: Position;
  /** When that was decided, ms. */
  readonly at: number;
  /** What can be made of it; undefined: a new epoch, which is everybody's. */
  readonly names: readonly WebhookEvent[] | undefined;
}

export class RingWebhooks {
  readonly #parts: RingParts;
  readonly #stopping = new AbortController();
  readonly #missed: Rounds;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: RingParts) {
    this.#parts = parts;
    this.#missed = new Rounds(
      async () => {
        if ((await parts.queues.ringMissed()) > 0) parts.rung();
        return LOOK_EVERY_MS;
      },
      (error, inARow) => {
        const level = inARow === 1 ? 'warn' : 'debug';
        parts.log[level]({ err: error }, 'webhooks cannot be compared with the archive now');
        return LOOK_EVERY_MS;
      },
    );
  }

  start(): void {
    this.#running = this.#run();
    this.#missed.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.source.stop();
    await Promise.all([this.#running, this.#missed.stop()]);
  }

  async #run(): Promise<void> {
    const { source, log } = this.#parts;
    for (let failures = 0; ;) {
      const deliveries = await source.next();
      if (deliveries.length === 0) return;
      try {
        await this.#ring(deliveries);
        failures = 0;
      } catch (error) {
        failures += 1;
        const level = failures === 1 ? 'warn' : 'debug';
        log[level]({ err: error }, 'webhooks cannot be rung for now, trying again');
        for (const delivery of deliveries) delivery.nak();
        await pause(PAUSE_AFTER_FAILURE_MS, this.#stopping.signal);
      }
    }
  }

  async #ring(deliveries: readonly Delivery[]): Promise<void> {
    const { queues, rung } = this.#parts;
    if (!(await queues.isHeard())) {
      for (const delivery of deliveries) delivery.ack();
      return;
    }
    const batch = deliveries.map((delivery) => ({ delivery, entry: entryOf(delivery) }));
    const archived = await queues.ring(arrivalsOf(batch.map(({ entry }) => entry)));
    rung();
    for (const { delivery, entry } of batch) {
      const isNobodys = entry === undefined || !concerns(entry);
      if (isNobodys || isSettled(entry, archived)) delivery.ack();
      else delivery.nak();
    }
  }
}

/** Whether any webhook may be told of it. */
const concerns = ({ names }: Entry): boolean => names?.length !== 0;

/** Whether the archive has it, or may be waited for no longer. */
function isSettled(entry: Entry, archived: ReadonlyMap<string, Position>): boolean {
  const reached = archived.get(entry.auctionId);
  if (reached !== undefined && comparePositions(reached, entry.place) >= 0) return true;
  return wallClockNow() - entry.at > WAITS_FOR_ARCHIVE_MS;
}

function arrivalsOf(entries: readonly (Entry | undefined)[]): readonly Arrival[] {
  const names = new Map<string, Set<WebhookEvent> | undefined>();
  for (const entry of entries) {
    if (entry === undefined || !concerns(entry)) continue;
    const { auctionId, names: more } = entry;
    const known = names.has(auctionId) ? names.get(auctionId) : new Set<WebhookEvent>();
    names.set(auctionId, more && known && new Set([...known, ...more]));
  }
  return Array.from(names, ([auctionId, of]) => ({ auctionId, names: of }));
}

/** Undefined: nobody can read it, and the archive keeps it as a dead letter. */
function entryOf({ subject, body }: Delivery): Entry | undefined {
  try {
    const auctionId = auctionOfSubject(subject);
    // Nobody is told of absentee bids.
    if (auctionId !== undefined && isBookId(auctionId) && !isSaleBook(auctionId)) return undefined;
    const events = eventLines(Buffer.from(body).toString()).map((line) => {
      const { auctionId: named, publicText } = splitEventLine(line);
      if (named !== auctionId) throw new Error('of another auction');
      return decodePublic(named, publicText);
    });
    const last = events.at(-1);
    if (auctionId === undefined || last === undefined) return undefined;
    return {
      auctionId,
      place: last,
      at: Date.parse(last.at),
      names: events.some(({ type }) => type === 'epoch')
        ? undefined
        : events.flatMap(({ type }) => namesOf(auctionId, type)),
    };
  } catch {
    return undefined;
  }
}
