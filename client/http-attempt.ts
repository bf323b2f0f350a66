/** One HTTP request and what became of it. Never throws for anything the network or server does. */
import { isRetryable, wasSent, type Problem } from '@outcry/shared/contracts/problems.ts';
import type { Guard } from './answers.ts';
import { retryAfterMs } from './back-off.ts';
import { clientProblem, isProblem, OutcryError } from './outcry-error.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Attempt<T> = { readonly ok: true; readonly body: T } | Failure;

interface Failure {
  readonly ok: false;
  readonly problem: Problem;
  readonly retryable: boolean;
  /** A command that may have had its effect although no usable answer came back. */
  readonly mayHaveRun: boolean;
  readonly cause?: unknown;
}

/**
 * Sends a request once; its answer, body included, must arrive within `timeoutMs`.
 * @param signal ends waiting for it before
 */
export async function attempt<T>(
  fetch: Fetch,
  request: HttpRequest,
  isAnswer: Guard<T>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Attempt<T>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      signal: bothSignals(AbortSignal.timeout(timeoutMs), signal),
      // An answer kept by the browser says what the time was when it was first given: after a 304
      // the server's clock would seem to stand still.
      cache: 'no-store',
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    text = await response.text();
  } catch (error) {
    return noAnswer(request, error, timeoutMs);
  }
  const body = parsed(text);
  if (!response.ok) return refused(request, response, body);
  if (isAnswer(body)) return { ok: true, body };
  return {
    ok: false,
    problem: clientProblem('INTERNAL', `the answer of ${request.url} is not what was asked for`),
    retryable: false,
    mayHaveRun: isCommand(request),
  };
}

/**
 * Reads an answer as it comes, however long it is. Ending the loop early ends the request.
 * @param stallMs the longest time without a piece
 * @throws OutcryError when it is refused, and when it breaks off: then it is not complete
 */
export async function* streamed(
  fetch: Fetch,
  request: HttpRequest,
  stallMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const stall = new AbortController();
  const late = (): void => stall.abort(new DOMException('no piece came', 'TimeoutError'));
  let timer = setTimeout(late, stallMs);
  try {
    const response = await fetch(request.url, {
      headers: request.headers,
      signal: bothSignals(stall.signal, signal),
      cache: 'no-store',
    });
    if (!response.ok || response.body === null) {
      const { problem } = refused(request, response, parsed(await response.text()));
      throw new OutcryError(problem);
    }
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      yield value;
      timer = setTimeout(late, stallMs);
    }
  } catch (error) {
    if (error instanceof OutcryError) throw error;
    throw new OutcryError(noAnswer(request, error, stallMs).problem, undefined, error);
  } finally {
    clearTimeout(timer);
    stall.abort();
  }
}

const bothSignals = (limit: AbortSignal, signal: AbortSignal | undefined): AbortSignal =>
  signal === undefined ? limit : AbortSignal.any([limit, signal]);

const isCommand = ({ method }: HttpRequest): boolean => method !== 'GET';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noAnswer(request: HttpRequest, error: unknown, timeoutMs: number): Failure {
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const mayHaveRun = isCommand(request) && wasSent(error);
  const detail = timedOut
    ? `${request.url} did not answer within ${timeoutMs} ms`
    : `${request.url} could not be reached`;
  return {
    ok: false,
    problem: clientProblem(mayHaveRun ? 'OUTCOME_UNKNOWN' : 'UNAVAILABLE', detail),
    retryable: true,
    mayHaveRun,
    cause: error,
  };
}

function refused(request: HttpRequest, response: Response, body: unknown): Failure {
  // A date is by the server's clock; this machine's may be wrong by days.
  const serverNow = Date.parse(response.headers.get('date') ?? '');
  const now = Number.isNaN(serverNow) ? Date.now() : serverNow;
  const waitMs = retryAfterMs(response.headers.get('retry-after'), now);
  const stated = isProblem(body) ? body : undeclared(request, response.status);
  const withWait =
    stated.retryAfterMs === undefined && waitMs !== undefined
      ? { ...stated, retryAfterMs: waitMs }
      : stated;
  return {
    ok: false,
    problem: withWait,
    retryable: isRetryable(withWait.code),
    mayHaveRun: withWait.code === 'OUTCOME_UNKNOWN',
  };
}

/** An error answer that is not one of our problems: a proxy's, or of a server too new for us. */
function undeclared(request: HttpRequest, status: number): Problem {
  const detail = `${request.url} answered with status ${status}`;
  if (status === 429) return clientProblem('RATE_LIMITED', detail);
  if (status === 401) return clientProblem('UNAUTHENTICATED', detail);
  if (status === 403) return clientProblem('FORBIDDEN', detail);
  if (status === 404) return clientProblem('NOT_FOUND', detail);
  if (status >= 400 && status < 500) return clientProblem('INVALID_REQUEST', detail, { status });
  // A proxy that gave up cannot say whether the request had got through before.
  if (status >= 502 && status <= 504) {
    return clientProblem(isCommand(request) ? 'OUTCOME_UNKNOWN' : 'UNAVAILABLE', detail);
  }
  return clientProblem('INTERNAL', detail, { status });
}
