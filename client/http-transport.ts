/** Requests to a service that are sent again, with the same idempotency key, until there is a real answer. */
import type { ProblemCode } from '@outcry/shared/contracts/problems.ts';
import type { Guard } from './answers.ts';
import { backOffMs, LONGEST_RETRY_AFTER_MS, sleep } from './back-off.ts';
import { attempt, streamed, type Attempt, type Fetch, type HttpRequest } from './http-attempt.ts';
import { clientProblem, OutcryError } from './outcry-error.ts';

/**
 * An access token, or what gives the present one: it may fetch a new one before the last ends. What it
 * throws, the call throws as `UNAVAILABLE`.
 */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** @throws OutcryError */
export async function presentToken(source: TokenSource | undefined): Promise<string | undefined> {
  if (typeof source !== 'function') return source;
  try {
    return await source();
  } catch (error) {
    if (error instanceof OutcryError) throw error;
    const problem = clientProblem('UNAVAILABLE', 'there is no access token right now');
    throw new OutcryError(problem, undefined, error);
  }
}

export interface TransportOptions {
  /** An access token, or where to get the present one; asked once for each call. */
  readonly token?: TokenSource | undefined;
  readonly fetch?: Fetch | undefined;
  /** For each attempt. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Attempts after the first one. Default 3. */
  readonly retries?: number | undefined;
}

/** A key makes repeated calls of one command count once; each POST gets a fresh one by default. */
export interface CommandOptions {
  readonly idempotencyKey?: string | undefined;
  /** For each attempt, instead of the client's. */
  readonly timeoutMs?: number | undefined;
  /**
   * Once an answer was lost, attempts with the key go on for so long, however many they are: what
   * became of the command is found out and not guessed.
   */
  readonly insistMs?: number | undefined;
  /** An answer was lost and the command is sent again: it may have had its effect already. */
  readonly onLost?: (() => void) | undefined;
  /** Ends the attempts: nothing is sent any more, and what became of the last is not known. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_RETRIES = 3;
/** Between two pieces of a stream. */
const STALL_LIMIT_MS = 30_000;

/** What a query asks for; `undefined` is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** All paths are beneath the service's address. */
export class HttpTransport {
  readonly #options: TransportOptions;
  readonly #address: () => string | Promise<string>;
  readonly #fetch: Fetch;

  /** @param address where the service is; asked for at each call */
  constructor(options: TransportOptions, address: () => string | Promise<string>) {
    this.#options = options;
    this.#address = address;
    // Looked up at each call and called as a global: browsers refuse a detached `fetch`.
    this.#fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  }

  /** @throws OutcryError when the address cannot be found out */
  async url(path: string): Promise<string> {
    return (await this.#address()).replace(/\/+$/, '') + path;
  }

  /** @throws OutcryError */
  get<T>(
    path: string,
    isAnswer: Guard<T>,
    query: Query = {},
    options: Pick<CommandOptions, 'timeoutMs'> = {},
  ): Promise<T> {
    return this.#send('GET', path + queryText(query), undefined, isAnswer, options);
  }

  /**
   * Every POST carries a key, so that sending it again cannot make it happen twice.
   * @throws OutcryError with the key that was used
   */
  post<T>(
    path: string,
    body: unknown,
    isAnswer: Guard<T>,
    options: CommandOptions = {},
  ): Promise<T> {
    const idempotencyKey = options.idempotencyKey ?? newIdempotencyKey();
    return this.#send('POST', path, body, isAnswer, { ...options, idempotencyKey });
  }

  /**
   * A PUT sets what it names, so it can be sent again as it is.
   * @throws OutcryError
   */
  put<T>(path: string, body: unknown, isAnswer: Guard<T>): Promise<T> {
    return this.#send('PUT', path, body, isAnswer);
  }

  /**
   * A PATCH sets the members that it names, so it can be sent again as it is.
   * @throws OutcryError
   */
  patch<T>(path: string, body: unknown, isAnswer: Guard<T>): Promise<T> {
    return this.#send('PATCH', path, body, isAnswer);
  }

  /**
   * What is gone stays gone, so a DELETE can be sent again as it is.
   * @throws OutcryError
   */
  delete<T>(path: string, isAnswer: Guard<T>): Promise<T> {
    return this.#send('DELETE', path, undefined, isAnswer);
  }

  /**
   * An answer as it comes, however long it is; sent once.
   * @throws OutcryError, also half-way: then the answer is not complete
   */
  async *stream(
    path: string,
    accept: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const headers = { accept, ...(await this.#authorization()) };
    const url = await this.url(path);
    yield* streamed(this.#fetch, { method: 'GET', url, headers }, STALL_LIMIT_MS, signal);
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    const token = await presentToken(this.#options.token);
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async #send<T>(
    method: HttpRequest['method'],
    path: string,
    body: unknown,
    isAnswer: Guard<T>,
    options: CommandOptions = {},
  ): Promise<T> {
    const { idempotencyKey: key, insistMs = 0, onLost, signal } = options;
    const retries = this.#options.retries ?? DEFAULT_RETRIES;
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const isEnded = (): boolean => signal?.aborted ?? false;
    // Once: an attempt after somebody else signed in must not act for that user.
    const authorization = await this.#authorization();
    const request: HttpRequest = {
      method,
      url: await this.url(path),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...authorization,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const began = performance.now();
    let mayHaveRun = false;
    for (let retry = 0; ; retry += 1) {
      const outcome = await attempt(this.#fetch, request, isAnswer, timeoutMs, signal);
      if (outcome.ok) return outcome.body;
      mayHaveRun ||= outcome.mayHaveRun;
      const askedMs = outcome.problem.retryAfterMs ?? 0;
      const insists = mayHaveRun && performance.now() - began < insistMs;
      const isLast = retry >= retries && !insists;
      if (!outcome.retryable || isLast || isEnded() || askedMs > LONGEST_RETRY_AFTER_MS) {
        throw failure(outcome, mayHaveRun, key);
      }
      if (mayHaveRun) onLost?.();
      await sleep(backOffMs(retry, askedMs, Math.random()), signal);
      if (isEnded()) throw failure(outcome, mayHaveRun, key);
    }
  }
}

/** No decisions: they say nothing about whether this or an earlier attempt has succeeded. */
const DECIDES_NOTHING: ReadonlySet<ProblemCode> = new Set([
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
  'SIGNED_OUT',
  'INTERNAL',
]);

function failure(
  last: Extract<Attempt<unknown>, { ok: false }>,
  mayHaveRun: boolean,
  key: string | undefined,
): OutcryError {
  const { problem: stated, cause } = last;
  if (!mayHaveRun || !DECIDES_NOTHING.has(stated.code)) {
    return new OutcryError(stated, key, cause);
  }
  const waits = stated.retryAfterMs === undefined ? {} : { retryAfterMs: stated.retryAfterMs };
  const detail = `an attempt may have succeeded; the last one: ${stated.detail}`;
  return new OutcryError(clientProblem('OUTCOME_UNKNOWN', detail, waits), key, cause);
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

const KEY_BYTES = 16;

/** 128 random bits in hex. (`crypto.randomUUID` is missing on pages served without TLS.) */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
