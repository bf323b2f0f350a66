/** The demo, on the whole system, while the parts behind the bid path are killed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';

const DEMO = fileURLToPath(new URL('./demo.ts', import.meta.url));
const TSX = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));
const VICTIMS = ['archival-worker', 'postgres', 'nats'] as const;
const LIMIT_MS = 300_000;

const run = promisify(execFile);
let system: TestSystem;

beforeAll(async () => {
  system = await startTestSystem();
}, 120_000);
afterAll(() => system.stop());

/** How many events the gateway has decided. */
async function decided(): Promise<number> {
  const metrics = await (await fetch(`${system.urls['api-gateway']}/metrics`)).text();
  return Number(/^outcry_commands_total\{result="OK"[^}]*\} (\d+)/m.exec(metrics)?.[1] ?? 0);
}

async function untilDecided(count: number): Promise<void> {
  while ((await decided()) < count) await new Promise((resolve) => setTimeout(resolve, 50));
}

test(
  'kill -9 of worker, Postgres and NATS stops no bid, and the archive is complete afterwards',
  async () => {
    // Auctions end much later than in a calm demo: a busy machine lags behind while parts restart.
    const options = ['--seconds', '12', '--grace', '60', '--archive-wait', '120'];
    const demo = run(process.execPath, [TSX, DEMO, ...options], {
      env: {
        ...process.env,
        GATEWAY_URL: system.urls['api-gateway'],
        DATABASE_URL: system.urls['postgres'],
      },
      timeout: LIMIT_MS,
    });
    // Spread over the replay: each dies while thousands of bids are still to come.
    for (const [i, victim] of VICTIMS.entries()) {
      await untilDecided(1_000 * (i + 1));
      await system.part(victim).kill();
    }
    const { stdout } = await demo.catch((error: unknown) => {
      throw new Error(`the demo failed:\n${String(Reflect.get(Object(error), 'stdout'))}`);
    });
    expect(stdout).toContain("Closed at eBay's price         313 of 314; not so: 337");
    expect(stdout).toContain('Archived, by Postgres itself   314 of 314');
    expect(stdout).not.toContain('AUCTION_ENDED');
  },
  LIMIT_MS,
);
