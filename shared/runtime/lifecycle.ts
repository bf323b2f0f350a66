/** Starting and stopping a service: what was opened last is closed first, within a time limit. */
import type { Logger } from './logger.ts';

type Close = () => Promise<void> | void;

const STEP_LIMIT_MS = 10_000;

/** Collects what must be closed; `close` runs it once, in reverse order, and waits for each. */
export class Closers {
  readonly #steps: { name: string; close: Close }[] = [];
  #closing: Promise<void> | undefined;
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  defer(name: string, close: Close): void {
    this.#steps.push({ name, close });
  }

  /** A step that fails or takes longer than its limit is logged, and the next one still runs. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    for (const step of this.#steps.toReversed()) {
      try {
        const closed = Promise.resolve(step.close());
        await withTimeLimit(closed, STEP_LIMIT_MS, `closing ${step.name}`);
      } catch (error) {
        this.#log.warn({ err: error, step: step.name }, 'a part did not close cleanly');
      }
    }
  }
}

export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * The promise's result, or a rejection when it takes longer than `limitMs`.
 * @throws TimeLimitError naming `what`.
 */
export async function withTimeLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new TimeLimitError(`${what} took longer than ${limitMs} ms`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits; ends early, without an error, when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
  });
}

/** A started service: `ready` says why it should get no traffic, or undefined when it may. */
export interface Service {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a service. What it has opened is closed with it, or when it cannot start.
 * @param assemble gives its port
 * @throws whatever `assemble` throws
 */
export async function startService(
  log: Logger,
  assemble: (closers: Closers, isStopping: () => boolean) => Promise<number>,
): Promise<Service> {
  const closers = new Closers(log);
  let stopping = false;
  const close = (): Promise<void> => {
    stopping = true;
    return closers.close();
  };
  try {
    return { port: await assemble(closers, () => stopping), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const STOP_LIMIT_MS = 25_000;

/**
 * Runs a service until SIGINT or SIGTERM, closes it, and sets the exit code: 0 after a clean stop,
 * 1 when the start failed or the stop took longer than 25 s.
 */
export async function runService(log: Logger, start: () => Promise<Service>): Promise<void> {
  let service: Service;
  try {
    service = await start();
  } catch (error) {
    log.fatal({ err: error }, 'the service could not start');
    process.exitCode = 1;
    // Connections opened before the failure would keep the process alive for ever.
    setTimeout(() => process.exit(1), 200).unref();
    return;
  }
  log.info({ port: service.port }, 'ready');
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.fatal('the stop took too long');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  for (const signal of STOP_SIGNALS) process.once(signal, stop);
}
