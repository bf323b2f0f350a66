/** Ends gateways by SIGKILL in turn, again and again, while the other one goes on. */
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import type { SeededRandom } from './seeded-random.ts';

const READY_WITHIN_MS = 20_000;

export class GatewayKiller {
  readonly #gateways: readonly LocalServer[];
  #kills = 0;

  constructor(gateways: readonly LocalServer[]) {
    this.#gateways = gateways;
  }

  get kills(): number {
    return this.#kills;
  }

  /** Goes on until the signal; then every gateway runs and is ready. */
  async killUntil(random: SeededRandom, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const gateway of this.#gateways) {
        await waitOrAbort(random.integer(200, 1_500), signal);
        if (signal.aborted) break;
        await gateway.kill();
        this.#kills += 1;
        await pause(random.integer(0, 300));
        await gateway.start();
        await waitUntil(() => isReady(gateway), {
          withinMs: READY_WITHIN_MS,
          what: `the return of ${gateway.name}`,
        });
      }
    }
  }
}

const waitOrAbort = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });

async function isReady({ url }: LocalServer): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.status === 200;
}
