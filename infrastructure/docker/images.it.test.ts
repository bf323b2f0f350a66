/** Every service starts from the files of its image alone, and stops without losing a bid. */
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { Bidders, createAuction, send } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';
import { GRACE_MS, pathsIn, serviceAccount, type ImageService } from '../testing/image-service.ts';

let system: DeployedSystem;

// With TLS to all three servers: what the images use must work there too.
beforeAll(async () => {
  system = await deploySystem({ tls: true });
});
afterAll(() => system?.stop());

test('the files cannot be written by the service', async () => {
  for (const { folder } of [...system.gateways, ...system.broadcasters, ...system.workers]) {
    const writing = `require('node:fs').writeFileSync('main.js', '')`;
    const options = { cwd: folder, ...serviceAccount };
    const { code, output } = await runCommand(process.execPath, ['-e', writing], options);
    expect(code).not.toBe(0);
    expect(output).toMatch(/EACCES|EPERM/);
  }
});

test("the container's health check says ready, and says it no more when the service is gone", async () => {
  const [gateway] = system.gateways;
  const check = (port: number) =>
    runCommand('bash', ['is-ready.sh'], {
      cwd: gateway?.folder ?? '',
      env: { PORT: `${port}` },
      ...serviceAccount,
    });
  expect((await check(gateway?.server.port ?? 0)).code).toBe(0);
  expect((await check(1)).code).not.toBe(0);
});

test('what the services serve from files is there', async () => {
  const url = system.gateways[0]?.server.url ?? '';
  expect((await send(`${url}/openapi.json`, undefined)).status).toBe(200);
  const page = await fetch(`${url}/docs`);
  expect(page.status).toBe(200);
  const styles = /href="([^"]+\.css)"/.exec(await page.text())?.[1] ?? '';
  expect((await fetch(new URL(styles, `${url}/docs`))).status).toBe(200);
});

test(
  'each is stopped under load, ends within its grace period, and no accepted bid is lost',
  { timeout: 90_000 },
  async () => {
    const [gateway] = system.gateways;
    const [broadcaster] = system.broadcasters;
    const [worker] = system.workers;
    if (!gateway || !broadcaster || !worker) throw new Error('one of each is needed');
    const before = await Promise.all([gateway, broadcaster, worker].map((s) => pathsIn(s.folder)));
    const secret = gateway.environment['JWT_SECRET'] ?? '';
    const url = gateway.server.url;
    const auctions = await Promise.all([createAuction(url, secret), createAuction(url, secret)]);
    const viewers = await Promise.all(
      auctions.map((id) => fetch(`${broadcaster.server.url}/v1/auctions/${id}/stream`)),
    );
    const bidders = new Bidders(url, secret, auctions);
    await bidders.reach(200);

    const ends: Awaited<ReturnType<ImageService['stop']>>[] = [];
    for (const service of [worker, broadcaster]) {
      ends.push(await service.stop());
      await bidders.reach(bidders.accepted.length + 100);
    }
    // Nobody but the gateway answers bidders.
    expect(bidders.failures).toEqual([]);
    // The streams end as streams do; they are not torn.
    for (const viewer of viewers) expect(await viewer.text()).toContain('"type":"bid"');
    ends.push(await gateway.stop());
    await bidders.stop();
    for (const end of ends) {
      expect(end.code).toBe(0);
      expect(end.tookMs).toBeLessThan(GRACE_MS);
    }

    await gateway.server.start();
    await worker.server.start();
    await waitUntil(async () => (await missingIn(bidders)).length === 0, {
      withinMs: 40_000,
      everyMs: 200,
      what: 'every accepted bid in Postgres',
    });
    const after = await Promise.all([gateway, broadcaster, worker].map((s) => pathsIn(s.folder)));
    expect(after).toEqual(before);
  },
);

async function missingIn(bidders: Bidders): Promise<string[]> {
  const sql = postgres(system.servers.postgres.url, { max: 1 });
  try {
    const rows = await sql<{ bid: string }[]>`
      SELECT bid_id AS bid FROM events WHERE bid_id IS NOT NULL`;
    const stored = new Set(rows.map(({ bid }) => bid));
    return bidders.accepted.map(({ bidId }) => bidId).filter((bidId) => !stored.has(bidId));
  } finally {
    await sql.end({ timeout: 2 });
  }
}
