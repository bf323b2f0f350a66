import type { LocalServer, ServerExit } from './servers/local-server.ts';

/** What can be supervised: a local server or a service. */
export type Part = Pick<LocalServer, 'name' | 'pid' | 'start' | 'stop' | 'kill' | 'onExit'>;

export interface SupervisorOptions {
  /** Receives one plain line when a part ends and when it runs again. */
  say: (line: string) => void;
  /** Whether a part that ended unasked is started again (default `true`). */
  restart?: boolean;
  /** First pause before a restart; doubled with each further one (default 250 ms). */
  firstPauseMs?: number;
  /** Longest pause (default 10 000 ms). */
  longestPauseMs?: number;
  /** After running this long a part's next pause is the first again (default 30 000 ms). */
  healthyAfterMs?: number;
}

export interface Supervisor {
  /**
   * Takes charge of a part that runs; parts are stopped in the reverse order of this call.
   *
   * @returns the same part, whose `start()` and `stop()` go through the supervisor: a start that
   *   is due is not made twice, and a part that was stopped stays down until its `start()`
   */
  keep<P extends Part>(part: P): P;
  /** Stops all parts, last first, and restarts none from now on. Does the same work only once. */
  stop(): Promise<void>;
  /** SIGKILL to all parts at once. */
  kill(): Promise<void>;
}

/** Keeps parts running. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const kept: Part[] = [];
  let stopping: Promise<void> | undefined;
  return {
    keep(part) {
      const supervised = supervise(part, options, () => stopping !== undefined);
      kept.push(supervised);
      return supervised;
    },
    stop() {
      stopping ??= stopAll(kept.toReversed(), options.say);
      return stopping;
    },
    async kill() {
      stopping ??= Promise.resolve();
      await Promise.all(kept.map((part) => part.kill()));
    },
  };
}

async function stopAll(parts: readonly Part[], say: SupervisorOptions['say']): Promise<void> {
  for (const part of parts) {
    try {
      await part.stop();
    } catch (error) {
      // The others must be stopped all the same.
      say(`${part.name}: did not stop: ${messageOf(error)}`);
    }
  }
}

function supervise<P extends Part>(
  part: P,
  options: SupervisorOptions,
  isStopping: () => boolean,
): P {
  const {
    say,
    restart = true,
    firstPauseMs = 250,
    longestPauseMs = 10_000,
    healthyAfterMs = 30_000,
  } = options;
  let pauseMs = firstPauseMs;
  let upSince = performance.now();
  let due: NodeJS.Timeout | undefined;
  let starting: Promise<void> | undefined;
  let wanted = true;

  function startNow(): Promise<void> {
    clearTimeout(due);
    due = undefined;
    if (starting === undefined && part.pid() === undefined) {
      starting = startOnce().finally(() => {
        starting = undefined;
      });
    }
    return starting ?? Promise.resolve();
  }

  async function startOnce(): Promise<void> {
    await part.start();
    upSince = performance.now();
  }

  function startLater(reason: string): void {
    if (!restart || !wanted || isStopping()) return;
    if (performance.now() - upSince >= healthyAfterMs) pauseMs = firstPauseMs;
    say(`${part.name}: ${reason}, starting again in ${pauseMs / 1000} s`);
    due = setTimeout(() => void startAgain(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }

  async function startAgain(): Promise<void> {
    try {
      await startNow();
      if (!isStopping()) say(`${part.name}: runs again`);
    } catch (error) {
      // Only what happened: the log's end, which follows it, would come again with each attempt.
      startLater(messageOf(error).split('\n', 1).join());
    }
  }

  part.onExit((exit) => {
    // While it starts, the failed start itself is what leads to the next one.
    if (!exit.asked && starting === undefined) startLater(describe(exit));
  });

  return {
    ...part,
    start() {
      wanted = true;
      return startNow();
    },
    async stop() {
      wanted = false;
      clearTimeout(due);
      // A start under way fails at once when its process is asked to stop.
      await Promise.all([part.stop(), starting?.catch(() => {})]);
      await part.stop();
    },
  };
}

function describe({ code, signal }: ServerExit): string {
  return signal === null ? `ended with code ${code}` : `ended by ${signal}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
