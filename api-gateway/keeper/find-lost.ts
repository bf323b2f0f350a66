/**
 * Finds entries that JetStream had acknowledged and then lost. Pure.
 *
 * Nothing needs to be remembered of single messages. Let an auction be published up to seq s, and
 * let the stream's newest message, asked for afterwards, be L: then each of its entries up to s is
 * at or below L, or it is no longer in the stream. When the consumer has acknowledged everything up
 * to L and the archive still has not all up to s, what is missing is not in the stream and will
 * never be delivered. It was lost: with the whole stream, or alone.
 *
 * A stream that was made anew, or whose newest sequence went back, holds nothing of what was
 * published before, so the question is asked afresh. The archive acknowledges before it reports to
 * Redis, so the proof must be old enough for the report to have arrived. A mistake costs a message
 * that the archive has already.
 */
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import type { ConsumerProgress } from './consumer-progress.ts';

/** How long the archive's report to Redis may take after the acknowledgement. */
export const REPORT_GRACE_MS = 4_000;
const PAUSE_AFTER_REPAIR_MS = 5_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** More lagging auctions than this are not followed at once; the longest known goes first. */
const MAX_FOLLOWED = 50_000;

interface Watermarks {
  readonly publishedSeq: number;
  readonly archivedSeq: number;
}

/** What is being proven of one auction. */
interface Question extends Watermarks {
  /** Undefined: to be asked afresh. */
  readonly streamId: string | undefined;
  /** The stream's newest sequence when the question was asked. */
  readonly upTo: number;
  provenAt: number | undefined;
  /** Repairs since the archive last moved on, and when the next one may be thought of. */
  readonly repairs: number;
  readonly notBefore: number;
}

export class FindLost {
  readonly #questions = new Map<string, Question>();

  /**
   * @param progress asked for after the watermarks were read
   * @param now ms of a clock that never goes back
   * @returns the seq up to which everything that is not archived was lost; undefined: not proven
   */
  lostUpTo(
    auctionId: string,
    marks: Watermarks,
    progress: ConsumerProgress,
    now: number,
  ): number | undefined {
    if (marks.publishedSeq <= marks.archivedSeq) {
      this.#questions.delete(auctionId);
      return undefined;
    }
    const known = this.#questions.get(auctionId);
    const stands = known?.archivedSeq === marks.archivedSeq;
    if (!stands || known.streamId !== progress.streamId || known.upTo > progress.lastSeq) {
      const { repairs, notBefore } = stands ? known : { repairs: 0, notBefore: 0 };
      const { streamId, lastSeq: upTo } = progress;
      const { publishedSeq, archivedSeq } = marks;
      const provenAt = undefined;
      const question = { publishedSeq, archivedSeq, streamId, upTo, provenAt, repairs, notBefore };
      this.#remember(auctionId, question);
      return undefined;
    }
    if (progress.acknowledgedSeq < known.upTo || now < known.notBefore) return undefined;
    known.provenAt ??= now;
    return now - known.provenAt >= REPORT_GRACE_MS ? known.publishedSeq : undefined;
  }

  /** What was lost is published again. Each further repair of this auction comes later. */
  repaired(auctionId: string, now: number): void {
    const known = this.#questions.get(auctionId);
    if (known === undefined) return;
    const pause = backoffMs(known.repairs + 1, PAUSE_AFTER_REPAIR_MS, MAX_PAUSE_MS, 1);
    this.#remember(auctionId, {
      ...known,
      streamId: undefined,
      repairs: known.repairs + 1,
      notBefore: now + pause,
    });
  }

  #remember(auctionId: string, question: Question): void {
    this.#questions.delete(auctionId);
    this.#questions.set(auctionId, question);
    for (const oldest of this.#questions.keys()) {
      if (this.#questions.size <= MAX_FOLLOWED) break;
      this.#questions.delete(oldest);
    }
  }
}
