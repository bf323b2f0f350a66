import { LRUCache } from 'lru-cache';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { unavailable } from '../refusal.ts';
import { ARCHIVE_UNAVAILABLE } from './ask-history.ts';

const KEPT_MS = 3_000;
const MAX_KEPT = 1_000;
/** Fewer than there are connections: what is read by a key never waits for these. */
const AT_ONCE = 3;
const MAX_WAITING = 12;
const RENEWED_AT_MOST_EVERY_MS = 1_000;

/**
 * Answers for which the database must look at much: each is asked for once for all who want it
 * within some seconds, and few at the same time.
 */
export class SharedAnswers {
  readonly #kept: LRUCache<string, object, () => Promise<object>>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #renewedAt = -Infinity;

  constructor() {
    this.#kept = new LRUCache<string, object, () => Promise<object>>({
      max: MAX_KEPT,
      ttl: KEPT_MS,
      // Those who wait for an answer get it, though others made it leave the cache.
      ignoreFetchAbort: true,
      fetchMethod: (_key, _stale, { context: ask }) => this.#inTurn(ask),
    });
  }

  /**
   * @param question the same for the same answer, and no other
   * @throws Refusal when too many wait already; whatever `ask` throws
   */
  async answer<T extends object>(question: string, ask: () => Promise<T>): Promise<T> {
    return (await this.#kept.forceFetch(question, { context: ask })) as T;
  }

  /** Something that answers show was changed: they are asked for anew, at most once a second. */
  renew(): void {
    const now = monotonicNow();
    if (now - this.#renewedAt < RENEWED_AT_MOST_EVERY_MS) return;
    this.#renewedAt = now;
    this.#kept.clear();
  }

  async #inTurn(ask: () => Promise<object>): Promise<object> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw unavailable(ARCHIVE_UNAVAILABLE, 'too many costly questions at once');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await ask();
    } finally {
      // The turn goes to the next one, or nobody has it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
