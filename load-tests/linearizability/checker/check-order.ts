/**
 * Places every answer in the log: after which event was the engine when it gave it? Real time
 * narrows that down from both sides. An answer that ended before a request started shows how far
 * the log was by then; an event whose request started after an answer ended came later.
 *
 * Operations are taken in order of their start and placed as early as possible, which leaves the
 * most room to the others: if this fails, no placement exists. Clocks of clients and of Redis are
 * never compared.
 */
import type { HistoryCommand } from '../history.ts';
import type { BrokenRule, Violation } from './violation.ts';

/** Something the engine did or answered between two times. */
export interface Operation {
  readonly start: number;
  readonly end: number;
  readonly commands: readonly HistoryCommand[];
  /** How much older than `start` the state may be that it speaks of, ms. */
  readonly mayBeOlderMs: number;
  /** The number of the event that it is itself. */
  readonly eventSeq?: number;
  /** Where it fits between these positions, both included (seq of the last event that it knows). */
  place(from: number, to: number): Place;
}

export type Place =
  | { readonly seq: number }
  | { readonly rule: BrokenRule; readonly message: string };

/** How far the log was, as somebody knew from this time on. */
interface Known {
  readonly time: number;
  readonly seq: number;
  readonly by: Operation | undefined;
}

/**
 * @param firstSeq how far the log was before the first command
 * @param lastSeq the last event of the log
 */
export function checkOrder(
  auctionId: string,
  operations: readonly Operation[],
  firstSeq: number,
  lastSeq: number,
): Violation[] {
  const violations: Violation[] = [];
  const later = new LaterEvents(operations, lastSeq);
  const known: Known[] = [{ time: -Infinity, seq: firstSeq, by: undefined }];
  const placed = new Map<Operation, number>();
  for (const { operation, isEnd } of instants(operations)) {
    if (isEnd) {
      const seq = placed.get(operation);
      if (seq !== undefined && seq > (known.at(-1)?.seq ?? 0)) {
        known.push({ time: operation.end, seq, by: operation });
      }
      continue;
    }
    const since = knownBefore(known, operation.start - operation.mayBeOlderMs);
    const place = operation.place(since.seq, later.lastPossible(operation.end));
    if ('seq' in place) {
      placed.set(operation, place.seq);
      continue;
    }
    const because = since.by === undefined ? '' : `; the log was at ${since.seq} by then`;
    violations.push({
      rule: place.rule,
      auctionId,
      message: `${place.message}${because}`,
      commands: [...operation.commands, ...(since.by?.commands ?? [])],
    });
  }
  return violations;
}

interface Instant {
  readonly time: number;
  readonly isEnd: boolean;
  readonly operation: Operation;
}

/** Starts and ends in order; at equal times starts come first, because nothing is before the other. */
function instants(operations: readonly Operation[]): Instant[] {
  const starts = operations.map((operation) => ({
    time: operation.start,
    isEnd: false,
    operation,
  }));
  const ends = operations.map((operation) => ({ time: operation.end, isEnd: true, operation }));
  return [...starts, ...ends].toSorted(
    (a, b) => a.time - b.time || Number(a.isEnd) - Number(b.isEnd),
  );
}

/** What was known strictly before `time`. */
function knownBefore(known: readonly Known[], time: number): Known {
  const found = known.findLast((each) => each.time < time);
  if (found === undefined) throw new Error('the first entry is before all times');
  return found;
}

/** Events by when they were asked for. */
class LaterEvents {
  readonly #starts: number[] = [];
  /** For each start, the lowest seq of the events that were asked for then or later. */
  readonly #lowest: number[] = [];
  readonly #lastSeq: number;

  constructor(operations: readonly Operation[], lastSeq: number) {
    const events = operations
      .flatMap(({ start, eventSeq }) => (eventSeq === undefined ? [] : [{ start, seq: eventSeq }]))
      .toSorted((a, b) => b.start - a.start);
    let lowest = Infinity;
    for (const { start, seq } of events) {
      lowest = Math.min(lowest, seq);
      this.#starts.push(start);
      this.#lowest.push(lowest);
    }
    this.#starts.reverse();
    this.#lowest.reverse();
    this.#lastSeq = lastSeq;
  }

  /** The highest seq that can have been there at `time`: events asked for later were not. */
  lastPossible(time: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? Infinity) > time) high = middle;
      else low = middle + 1;
    }
    return Math.min(this.#lastSeq, (this.#lowest[low] ?? Infinity) - 1);
  }
}
