/** The keys that access tokens are checked with: a shared secret, or the set at a JWKS address. */
import {
  createLocalJWKSet,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import { backoffMs } from './backoff.ts';
import type { CommonSettings } from './config.ts';
import type { Logger } from './logger.ts';
import { monotonicNow } from './monotonic.ts';

/** The keys to check tokens with cannot be had right now: not the caller's fault. */
export class TokenKeysUnavailableError extends Error {
  override readonly name = 'TokenKeysUnavailableError';
}

export interface TokenKeys {
  readonly algorithms: readonly string[];
  /** The key that a token names. @throws TokenKeysUnavailableError; JOSEError when there is none */
  readonly get: JWTVerifyGetKey;
  /** Another number once a key was withdrawn: what was checked before must be checked again. */
  readonly generation: number;
  /** Has the keys looked at again when that is due. @returns what to wait for when it is overdue */
  recheck(): Promise<void> | undefined;
}

type KeySettings = Pick<CommonSettings, 'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ALGORITHMS'>;

const DEFAULT_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/**
 * @throws Error when the address has an answer and none of its keys can be used; an issuer that does
 *   not answer yet is asked again when the first token comes
 */
export async function openTokenKeys(settings: KeySettings, log: Logger): Promise<TokenKeys> {
  if (settings.JWT_JWKS_URL !== undefined) {
    const algorithms = settings.JWT_ALGORITHMS ?? DEFAULT_ALGORITHMS;
    const keys = new PublishedKeys(settings.JWT_JWKS_URL, algorithms, log);
    await keys.begin();
    return keys;
  }
  if (settings.JWT_SECRET === undefined) throw new Error('JWT_SECRET or JWT_JWKS_URL must be set');
  const k = Buffer.from(settings.JWT_SECRET).toString('base64url');
  const key = await importJWK({ kty: 'oct', k, alg: 'HS256' }, 'HS256');
  return { algorithms: ['HS256'], get: () => key, generation: 0, recheck: () => undefined };
}

const FETCH_LIMIT_MS = 2_000;
/** So long a withdrawn key may still count. */
const RECHECK_AFTER_MS = 60_000;
/** Later than this a token waits for the answer; the issuer was asked in vain, or nobody came. */
const OVERDUE_AFTER_MS = 2 * RECHECK_AFTER_MS;
/** So long the known keys count while the issuer does not answer. */
const KEPT_WITHOUT_ISSUER_MS = 60 * 60 * 1_000;
/** A token with an unknown key asks again, but not more often than this. */
const PAUSE_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

interface KeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** Each usable key as text. */
  readonly keys: ReadonlySet<string>;
  /** By the steady clock. */
  readonly fetchedAt: number;
}

/**
 * The keys at a JWKS address. They are fetched by one request at a time, never more often than the
 * pauses allow, and looked at again every minute while tokens come.
 */
class PublishedKeys implements TokenKeys {
  readonly algorithms: readonly string[];
  readonly #url: string;
  readonly #log: Logger;
  #set: KeySet | undefined;
  #generation = 0;
  #fetching: Promise<void> | undefined;
  #failures = 0;
  #notBefore = 0;

  constructor(url: string, algorithms: readonly string[], log: Logger) {
    this.algorithms = algorithms;
    this.#url = url;
    this.#log = log;
  }

  get generation(): number {
    return this.#generation;
  }

  /** @throws Error when the issuer answers with keys of which none can be used */
  async begin(): Promise<void> {
    await this.#fetch();
    if (this.#set?.keys.size === 0) {
      throw new Error('JWT_JWKS_URL has no key that can be used; the log says why');
    }
  }

  recheck(): Promise<void> | undefined {
    if (this.#set === undefined) return undefined;
    const age = monotonicNow() - this.#set.fetchedAt;
    if (age < RECHECK_AFTER_MS) return undefined;
    if (age > KEPT_WITHOUT_ISSUER_MS) this.#put(undefined);
    const fetched = this.#fetchIfDue();
    return age > OVERDUE_AFTER_MS && this.#failures === 0 ? fetched : undefined;
  }

  readonly get: JWTVerifyGetKey = async (header, token) => {
    if (this.#set === undefined) await this.#fetchIfDue();
    const set = this.#set;
    if (set === undefined) throw new TokenKeysUnavailableError('the keys cannot be fetched');
    try {
      return await set.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#fetchIfDue();
      if (this.#set !== undefined && this.#set !== set) return this.#set.find(header, token);
      // While the issuer does not answer nobody knows whether the key is a new one.
      if (this.#failures > 0) throw new TokenKeysUnavailableError('the keys cannot be fetched');
      throw error;
    }
  };

  #fetchIfDue(): Promise<void> | undefined {
    if (this.#fetching !== undefined) return this.#fetching;
    return monotonicNow() < this.#notBefore ? undefined : this.#fetch();
  }

  #fetch(): Promise<void> {
    this.#fetching = this.#renew().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    try {
      this.#put(await this.#read());
      if (this.#failures > 0) this.#log.info('the keys for access tokens can be fetched again');
      this.#failures = 0;
      this.#notBefore = monotonicNow() + PAUSE_MS;
    } catch (error) {
      if (this.#failures === 0) {
        this.#log.warn({ err: error }, 'the keys for access tokens cannot be fetched');
      }
      this.#failures += 1;
      const backoff = backoffMs(this.#failures, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
      this.#notBefore = monotonicNow() + backoff;
    }
  }

  async #read(): Promise<KeySet> {
    const response = await fetch(this.#url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(FETCH_LIMIT_MS),
    });
    if (!response.ok) throw new Error(`the answer's status is ${response.status}`);
    const { keys } = (await response.json()) as JSONWebKeySet;
    if (!Array.isArray(keys)) throw new Error('the answer is no set of keys');
    const usable = keys.filter((key) => {
      const fault = keyFault(key, this.algorithms);
      if (fault !== undefined) this.#log.warn({ kid: key.kid }, `a published key ${fault}`);
      return fault === undefined;
    });
    return {
      find: createLocalJWKSet({ keys: usable }),
      keys: new Set(usable.map((key) => JSON.stringify(key))),
      fetchedAt: monotonicNow(),
    };
  }

  #put(set: KeySet | undefined): void {
    const before = this.#set?.keys ?? new Set();
    if (Array.from(before).some((key) => set?.keys.has(key) !== true)) this.#generation += 1;
    this.#set = set;
  }
}

const MIN_RSA_BITS = 2_048;

/** Why no token can be checked with this key; undefined when it can be used. */
function keyFault(key: JWK, algorithms: readonly string[]): string | undefined {
  if (key.use !== undefined && key.use !== 'sig') return 'is not for signatures';
  if (key.alg !== undefined && !algorithms.includes(key.alg)) {
    return `is for ${key.alg}, which JWT_ALGORITHMS does not allow`;
  }
  switch (key.kty) {
    case 'RSA': {
      const bits = Buffer.from(key.n ?? '', 'base64url').length * 8;
      if (bits < MIN_RSA_BITS) return `has ${bits} bits, fewer than ${MIN_RSA_BITS}`;
      // With this exponent anybody can sign.
      return key.e === 'AQ' ? 'has the exponent 1' : undefined;
    }
    case 'EC':
    case 'OKP':
      return undefined;
    case undefined:
    default:
      return 'is of a kind that nobody can check tokens with';
  }
}
