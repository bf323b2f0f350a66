/** Ends servers by SIGKILL in turn, again and again, and starts each of them again. */
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import type { SeededRandom } from './seeded-random.ts';

const READY_WITHIN_MS = 20_000;

export class KillInTurn {
  kills = 0;
  readonly #servers: readonly LocalServer[];
  readonly #gateways: readonly LocalServer[];

  /** @param gateways must be ready again before the next server is killed */
  constructor(servers: readonly LocalServer[], gateways: readonly LocalServer[]) {
    this.#servers = servers;
    this.#gateways = gateways;
  }

  /** Goes on until the signal; then every server runs and every gateway is ready. */
  async killUntil(random: SeededRandom, signal: AbortSignal): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const alive = random.integer(200, 1_500);
      await pause(alive, undefined, { signal }).catch(() => undefined);
      const server = this.#servers[turn % this.#servers.length];
      if (signal.aborted || server === undefined) return;
      await server.kill();
      this.kills += 1;
      await pause(random.integer(0, 300));
      await server.start();
      for (const gateway of this.#gateways) await untilReady(gateway);
    }
  }
}

const untilReady = ({ url, name }: LocalServer): Promise<true> =>
  waitUntil(
    async () => {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      await response.body?.cancel();
      return response.status === 200;
    },
    { withinMs: READY_WITHIN_MS, what: `the return of ${name}` },
  );
