/** Who signed out everywhere: of these users, tokens from before that count no more. */
import { hash } from 'node:crypto';
import { withTimeLimit } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { monotonicNow } from './monotonic.ts';
import type { RedisClient } from './redis.ts';
import { Rounds } from './rounds.ts';

/** Whose token it is, and when its user signed in for it. */
export interface SignIn {
  /** As {@link signOutMark} makes it. */
  readonly mark: string;
  /** Milliseconds since 1970; 0 where the token does not say. */
  readonly signedInAt: number;
}

const LOOK_EVERY_MS = 1_000;
const READ_LIMIT_MS = 2_000;
const PORTION = 10_000;
/** A Redis that took over may have a clock that is behind. */
const OVERLAP_MS = 10_000;
/** What is too old to count is forgotten then. */
const READ_ALL_EVERY_MS = 60 * 60 * 1_000;
const MARK_CHARACTERS = 22;

/** What stands for a user where it is noted who signed out: 128 bits of the id's SHA-256. */
export const signOutMark = (userId: string): string =>
  hash('sha256', userId, 'base64url').slice(0, MARK_CHARACTERS);

/**
 * Every process has all marks in memory and reads new ones each second, so that no request waits
 * for one. While Redis does not answer, what was read before counts.
 */
export class SignOuts extends Rounds {
  readonly #redis: RedisClient;
  readonly #key: string;
  readonly #listeners: (() => void)[] = [];
  /** When each user signed out, by mark. */
  #marks = new Map<string, number>();
  #newest = 0;
  #readAllAt: number | undefined;

  /** @param key the sorted set of marks, by when (ms) */
  constructor(redis: RedisClient, key: string, log: Logger) {
    super(
      () => this.#round(),
      (error) => {
        log.debug({ err: error }, 'it could not be read who signed out, trying again');
        return LOOK_EVERY_MS;
      },
    );
    this.#redis = redis;
    this.#key = key;
    redis.on('ready', () => {
      this.#readAllAt = undefined;
    });
  }

  /** Whether the token is from before its user signed out everywhere. */
  refuses({ mark, signedInAt }: SignIn): boolean {
    const at = this.#marks.get(mark);
    return at !== undefined && signedInAt <= at;
  }

  /** Called when somebody has signed out. */
  onNews(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async #round(): Promise<number> {
    if (this.#redis.status === 'ready') await this.#read();
    return LOOK_EVERY_MS;
  }

  async #read(): Promise<void> {
    const now = monotonicNow();
    const isAll = this.#readAllAt === undefined || now - this.#readAllAt > READ_ALL_EVERY_MS;
    if (isAll) this.#readAllAt = now;
    const since = isAll ? 0 : this.#newest - OVERLAP_MS;
    const marks = isAll ? new Map<string, number>() : this.#marks;
    let isNews = false;
    try {
      for (let offset = 0; ; offset += PORTION) {
        const found = await this.#portion(since, offset);
        for (const [mark, at] of found) {
          isNews ||= (this.#marks.get(mark) ?? 0) < at;
          marks.set(mark, at);
          this.#newest = Math.max(this.#newest, at);
        }
        if (found.length < PORTION) break;
      }
    } catch (error) {
      if (isAll) this.#readAllAt = undefined;
      throw error;
    }
    this.#marks = marks;
    if (isNews) for (const listener of this.#listeners) listener();
  }

  async #portion(since: number, offset: number): Promise<[mark: string, at: number][]> {
    const reading = this.#redis.zrange(
      this.#key,
      since,
      '+inf',
      'BYSCORE',
      'LIMIT',
      offset,
      PORTION,
      'WITHSCORES',
    );
    const flat = await withTimeLimit(reading, READ_LIMIT_MS, `reading ${this.#key}`);
    return Array.from({ length: flat.length / 2 }, (_, i) => [
      flat[2 * i] ?? '',
      Number(flat[2 * i + 1]),
    ]);
  }
}
