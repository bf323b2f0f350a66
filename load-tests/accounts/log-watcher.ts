/** Reads the auctions' logs in Redis as they grow, before they are trimmed. */
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { auctionKeysOf } from './redis-heads.ts';

const READ_EVERY_MS = 300;
const ENTRIES_AT_ONCE = 500;

/** One event as Redis had it. */
export interface SeenEvent {
  readonly epoch: number;
  /** sha256 of its line, hex. */
  readonly lineHash: string;
}

/** Events by auction and seq. */
export type SeenEvents = ReadonlyMap<string, ReadonlyMap<number, SeenEvent>>;

export class LogWatcher {
  readonly #redis: Redis;
  readonly #seen: Map<string, Map<number, SeenEvent>>;
  readonly #readUpTo = new Map<string, string>();
  readonly #rounds = new Rounds(() => this.#round());

  constructor(redis: Redis, auctionIds: readonly string[]) {
    this.#redis = redis;
    this.#seen = new Map(auctionIds.map((id) => [id, new Map<number, SeenEvent>()]));
  }

  start(): void {
    this.#rounds.start();
  }

  /** Reads the rest. @throws Error when Redis is away */
  async stop(): Promise<SeenEvents> {
    await this.#rounds.stop();
    await this.#readAll();
    return this.#seen;
  }

  async #round(): Promise<number> {
    // While Redis is away there is nothing to read; the entries are there when it is back.
    await this.#readAll().catch(() => undefined);
    return READ_EVERY_MS;
  }

  async #readAll(): Promise<void> {
    await Promise.all([...this.#seen.keys()].map((id) => this.#read(id)));
  }

  async #read(auctionId: string): Promise<void> {
    const { log } = auctionKeysOf(auctionId);
    for (;;) {
      const from = `(${this.#readUpTo.get(auctionId) ?? '0-0'}`;
      const entries = await this.#redis.xrange(log, from, '+', 'COUNT', ENTRIES_AT_ONCE);
      for (const [id, fields] of entries) {
        for (const line of eventLines(readLogEntry(auctionId, fields).text)) {
          this.#remember(auctionId, line);
        }
        this.#readUpTo.set(auctionId, id);
      }
      if (entries.length < ENTRIES_AT_ONCE) return;
    }
  }

  #remember(auctionId: string, line: string): void {
    const { publicText } = splitEventLine(line);
    const event = JSON.parse(publicText) as { epoch: number; seq: number };
    const seen = { epoch: event.epoch, lineHash: hash('sha256', line, 'hex') };
    this.#seen.get(auctionId)?.set(event.seq, seen);
  }
}
