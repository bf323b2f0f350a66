import { setTimeout as pause } from 'node:timers/promises';
import {
  type GuardedProcess,
  type ProcessRecipe,
  startGuarded,
} from '../processes/guarded-process.ts';
import { logSize, logTail } from '../processes/log-file.ts';
import { freePort, isPortFree, PortTakenError } from '../processes/ports.ts';
import { lastLines } from '../processes/run-command.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { type Container, containerPid, killContainer, removeContainer } from './container.ts';
import type { LocalServer, ServerExit } from './local-server.ts';

const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const PASSING_ATTEMPTS = 20;
const PASSING_PAUSE_MS = 250;

/** How to run one kind of server on one port. */
export interface ServerRecipe {
  name: string;
  url: string;
  port: number;
  log: string;
  process: Omit<ProcessRecipe, 'log'>;
  /** Set when `process` is a Docker client that runs the server in a container. */
  container?: Container;
  /** What asks for a graceful end, sent to `process` (Docker's client passes it on). */
  stopSignal: NodeJS.Signals;
  /** SIGKILL follows after this time, in milliseconds (default 10 000). */
  stopWithinMs?: number;
  /**
   * Whether the server that `pid` belongs to answers; `pid` is `undefined` for a container. An
   * answer of another server on the same port must give false.
   */
  answers: (pid: number | undefined) => Promise<boolean>;
  /** What its log says when it failed for a reason that passes within seconds. */
  passingFailure?: RegExp;
}

/**
 * Makes a recipe for a port and starts its server. Without a given port, another free one is
 * tried when somebody else took the first in the meantime.
 *
 * @throws PortTakenError for a given port; Error with the end of the log when it does not come up
 */
export async function startOnPort(
  given: number | undefined,
  recipeFor: (port: number) => ServerRecipe | Promise<ServerRecipe>,
): Promise<LocalServer> {
  for (let attempt = 1; ; attempt += 1) {
    const server = createServer(await recipeFor(given ?? (await freePort())));
    try {
      await server.start();
      return server;
    } catch (error) {
      const another = error instanceof PortTakenError && given === undefined && attempt < 5;
      if (!another) throw error;
    }
  }
}

/** A server that is down; `start()` starts it. */
export function createServer(recipe: ServerRecipe): LocalServer {
  const { name, url, port, container } = recipe;
  const listeners = new Set<(exit: ServerExit) => void>();
  let running: GuardedProcess | undefined;
  let serverPid: number | undefined;
  let stopAsked = false;

  async function start(): Promise<void> {
    if (running !== undefined) throw new Error(`${name} is running already`);
    for (let attempt = 1; ; attempt += 1) {
      const logFrom = logSize(recipe.log);
      try {
        await startOnce();
        return;
      } catch (error) {
        const tail = logTail(recipe.log, logFrom);
        const passes = recipe.passingFailure?.test(tail) === true && attempt < PASSING_ATTEMPTS;
        if (!passes) throw startFailure(recipe, error, tail);
        await pause(PASSING_PAUSE_MS);
      }
    }
  }

  async function startOnce(): Promise<void> {
    if (!(await isPortFree(port))) throw new PortTakenError(name, port);
    if (container !== undefined) await removeContainer(container);
    const current = await startGuarded({ ...recipe.process, log: recipe.log });
    running = current;
    stopAsked = false;
    current.onExit((exit) => {
      running = undefined;
      serverPid = undefined;
      for (const listener of listeners) listener({ ...exit, asked: stopAsked });
    });
    try {
      await waitUntil(() => isUp(current), {
        withinMs: START_WITHIN_MS,
        what: `an answer of ${name} on 127.0.0.1:${port}`,
      });
    } catch (error) {
      await kill();
      throw error;
    }
    serverPid = container === undefined ? current.pid : await containerPid(container);
  }

  async function isUp(current: GuardedProcess): Promise<boolean> {
    if (current.hasExited()) throw new Error(`${name} ended while it was starting`);
    return recipe.answers(container === undefined ? current.pid : undefined);
  }

  async function stop(): Promise<void> {
    const current = running;
    if (current === undefined) return;
    stopAsked = true;
    current.signal(recipe.stopSignal);
    const giveUp = new AbortController();
    const tooLong = pause(recipe.stopWithinMs ?? STOP_WITHIN_MS, 'too long' as const, {
      signal: giveUp.signal,
    });
    const outcome = await Promise.race([current.exited, tooLong.catch(() => undefined)]);
    giveUp.abort();
    if (outcome === 'too long') await kill();
  }

  async function kill(): Promise<void> {
    const current = running;
    if (current === undefined) return;
    if (container !== undefined) await killContainer(container);
    await current.kill();
  }

  return {
    name,
    url,
    port,
    pid: () => serverPid,
    stop,
    kill,
    start,
    onExit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function startFailure({ name, port, log }: ServerRecipe, cause: unknown, tail: string): Error {
  if (cause instanceof PortTakenError) return cause;
  // Between the look at the port and the server's own attempt somebody else can take it.
  if (/address already in use/i.test(tail)) return new PortTakenError(name, port);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const end = lastLines(tail, 12);
  return new Error(
    end === ''
      ? `${name} did not start: ${reason}. It wrote nothing to ${log}.`
      : `${name} did not start: ${reason}. The end of ${log}:\n${end}`,
    { cause },
  );
}
