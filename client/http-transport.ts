/** Requests that are sent again, with the same idempotency key, until there is a real answer. */
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

export class HttpTransport {
  readonly #options: TransportOptions;
  readonly #fetch: Fetch;

  constructor(options: TransportOptions) {
    this.#options = options;
    // Looked up at each call and called as a global: browsers refuse a detached `fetch`.
    this.#fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  }

  /** @throws OutcryError */
  get<T>(
    url: string,
    isAnswer: Guard<T>,
    options: Pick<CommandOptions, 'timeoutMs'> = {},
  ): Promise<T> {
    return this.#send({ method: 'GET', url, headers: {} }, isAnswer, options);
  }

  /**
   * Every POST carries a key, so that sending it again cannot make it happen twice.
   * @throws OutcryError with the key that was used
   */
  post<T>(
    url: string,
    body: unknown,
    isAnswer: Guard<T>,
    options: CommandOptions = {},
  ): Promise<T> {
    const key = options.idempotencyKey ?? newIdempotencyKey();
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    const request = { method: 'POST', url, headers, body: JSON.stringify(body) } as const;
    return this.#send(request, isAnswer, { ...options, idempotencyKey: key });
  }

  /**
   * A PUT sets what it names, so it can be sent again as it is.
   * @throws OutcryError
   */
  put<T>(url: string, body: unknown, isAnswer: Guard<T>): Promise<T> {
    return this.#sendBody('PUT', url, body, isAnswer);
  }

  /**
   * A PATCH sets the members that it names, so it can be sent again as it is.
   * @throws OutcryError
   */
  patch<T>(url: string, body: unknown, isAnswer: Guard<T>): Promise<T> {
    return this.#sendBody('PATCH', url, body, isAnswer);
  }

  /**
   * What is gone stays gone, so a DELETE can be sent again as it is.
   * @throws OutcryError
   */
  delete<T>(url: string, isAnswer: Guard<T>): Promise<T> {
    return this.#send({ method: 'DELETE', url, headers: {} }, isAnswer);
  }

  /**
   * An answer as it comes, however long it is; sent once.
   * @throws OutcryError, also half-way: then the answer is not complete
   */
  async *stream(
    url: string,
    accept: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const token = await presentToken(this.#options.token);
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request: HttpRequest = { method: 'GET', url, headers: { accept, ...authorization } };
    yield* streamed(this.#fetch, request, STALL_LIMIT_MS, signal);
  }

  #sendBody<T>(
    method: 'PUT' | 'PATCH',
    url: string,
    body: unknown,
    isAnswer: Guard<T>,
  ): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#send({ method, url, headers, body: JSON.stringify(body) }, isAnswer);
  }

  async #send<T>(
    request: HttpRequest,
    isAnswer: Guard<T>,
    options: CommandOptions = {},
  ): Promise<T> {
    const { idempotencyKey: key, insistMs = 0, onLost, signal } = options;
    const retries = this.#options.retries ?? DEFAULT_RETRIES;
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const isEnded = (): boolean => signal?.aborted ?? false;
    const began = performance.now();
    let mayHaveRun = false;
    // Once: an attempt after somebody else signed in must not act for that user.
    const token = await presentToken(this.#options.token);
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const authorized = { ...request, headers: { ...request.headers, ...authorization } };
    for (let retry = 0; ; retry += 1) {
      const outcome = await attempt(this.#fetch, authorized, isAnswer, timeoutMs, signal);
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

const KEY_BYTES = 16;

/** 128 random bits in hex. (`crypto.randomUUID` is missing on pages served without TLS.) */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
