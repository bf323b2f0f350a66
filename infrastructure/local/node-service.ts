import { createServer } from './servers/run-server.ts';
import { waitUntil } from './processes/wait-until.ts';
import { lastLines } from './processes/run-command.ts';
import { logTail } from './processes/log-file.ts';
import type { LocalServer } from './servers/local-server.ts';

export interface NodeServiceOptions {
  name: string;
  /** Arguments of `node`: the file to run, and its own. */
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  port: number;
  log: string;
  /** Answers 200 when the process is up (default `/healthz`). */
  healthPath?: string;
  /** Whom it runs as (default: as this process). */
  account?: { readonly uid?: number; readonly gid?: number };
  /** How long it may take to end (default 15 s). */
  stopWithinMs?: number;
}

/**
 * A service run by this Node, which is down until its `start()`. That resolves when the process
 * answers over HTTP; whether it is ready for traffic is asked with `waitUntilReady`.
 */
export function createNodeService(options: NodeServiceOptions): LocalServer {
  const { name, args, cwd, env, port, log, account } = options;
  const { healthPath = '/healthz', stopWithinMs = 15_000 } = options;
  const url = `http://127.0.0.1:${port}`;
  return createServer({
    name,
    url,
    port,
    log,
    process: { file: process.execPath, args, cwd, env, ...account },
    stopSignal: 'SIGTERM',
    stopWithinMs,
    answers: () => answersOk(`${url}${healthPath}`),
  });
}

/**
 * Waits until a service answers 200 on its readiness path.
 *
 * @throws Error with the end of its log when it ends, or is not ready in time; the signal's reason
 */
export async function waitUntilReady(
  service: LocalServer,
  options: { path: string; log: string; withinMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const { path, log, withinMs, signal } = options;
  try {
    await waitUntil(
      () => {
        if (service.pid() === undefined) throw new Error(`${service.name} ended`);
        signal?.throwIfAborted();
        return answersOk(`${service.url}${path}`);
      },
      { withinMs, everyMs: 50, what: `an answer 200 of ${service.url}${path}` },
    );
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${service.name} is not ready: ${reason}. The end of ${log}:\n${lastLines(logTail(log), 12)}`,
      { cause: error },
    );
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
