/**
 * Tells Redis up to where each auction is archived, and which ones are blocked. Redis may be away:
 * then the newest report of each auction waits, and archiving goes on.
 */
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { UnmovableMarksError, type RedisAuctionMarks } from '../adapters/redis/auction-marks.ts';
import type { ArchivedPrefix } from './ports.ts';

export type ArchivedMarks = Pick<RedisAuctionMarks, 'raise' | 'block'>;

/**
 * More than this many auctions do not wait. Forgetting a report is safe: the keeper finds the
 * auction behind, publishes its events again, and they are reported as duplicates.
 */
const MAX_WAITING = 100_000;
const REPORTS_AT_ONCE = 500;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;
/** Whoever has something to report ends the pause. */
const LOOK_EVERY_MS = 60_000;

export class ReportArchived {
  readonly #marks: ArchivedMarks;
  readonly #log: Logger;
  readonly #maxWaiting: number;
  readonly #waiting = new Map<string, ArchivedPrefix>();
  readonly #blocked = new Set<string>();
  readonly #rounds = new Rounds(
    async () => {
      await this.#reportSome();
      return this.waiting > 0 ? 0 : LOOK_EVERY_MS;
    },
    (error, inARow) => {
      const level = inARow === 1 ? 'warn' : 'debug';
      this.#log[level]({ err: error }, 'Redis was not told how far the archive is; again later');
      return backoffMs(inARow, RETRY_FIRST_MS, RETRY_MAX_MS);
    },
  );

  constructor(marks: ArchivedMarks, log: Logger, maxWaiting = MAX_WAITING) {
    this.#marks = marks;
    this.#log = log;
    this.#maxWaiting = maxWaiting;
  }

  /** Reports that Redis has not confirmed yet. */
  get waiting(): number {
    return this.#waiting.size + this.#blocked.size;
  }

  /** Takes reports over; never waits. */
  add(prefixes: readonly ArchivedPrefix[]): void {
    const wasIdle = this.waiting === 0;
    for (const prefix of prefixes) {
      const known = this.#waiting.get(prefix.auctionId);
      if (known !== undefined && comparePositions(prefix, known) <= 0) continue;
      this.#waiting.delete(prefix.auctionId);
      this.#waiting.set(prefix.auctionId, prefix);
    }
    forgetOldest(this.#waiting, this.#maxWaiting);
    // After a failure the pause goes on.
    if (wasIdle) this.#rounds.wake();
  }

  /** Takes over which auctions have an entry that can never be stored; never waits. */
  block(auctionIds: readonly string[]): void {
    const wasIdle = this.waiting === 0;
    for (const auctionId of auctionIds) this.#blocked.add(auctionId);
    forgetOldest(this.#blocked, this.#maxWaiting);
    if (wasIdle) this.#rounds.wake();
  }

  start(): void {
    this.#rounds.start();
  }

  /** Makes one last attempt with what is waiting. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
    try {
      while (this.waiting > 0) await this.#reportSome();
    } catch (error) {
      this.#log.warn({ err: error }, 'Redis was not told how far the archive is');
    }
  }

  async #reportSome(): Promise<void> {
    const blocked = [...this.#blocked].slice(0, REPORTS_AT_ONCE);
    await this.#unlessUnmovable(this.#marks.block(blocked));
    for (const auctionId of blocked) this.#blocked.delete(auctionId);
    const reports = [...this.#waiting.values()].slice(0, REPORTS_AT_ONCE);
    await this.#unlessUnmovable(this.#marks.raise(reports));
    for (const report of reports) {
      if (this.#waiting.get(report.auctionId) === report) this.#waiting.delete(report.auctionId);
    }
  }

  /** What Redis can never take does not hold up the rest. */
  async #unlessUnmovable(moved: Promise<void>): Promise<void> {
    try {
      await moved;
    } catch (error) {
      if (!(error instanceof UnmovableMarksError)) throw error;
      this.#log.error({ err: error }, 'Redis holds wrong data of auctions');
    }
  }
}

function forgetOldest(waiting: Map<string, unknown> | Set<string>, most: number): void {
  for (const auctionId of waiting.keys()) {
    if (waiting.size <= most) return;
    waiting.delete(auctionId);
  }
}
