// Runs the tests that depend on a server most on each version of it, and writes docs/test-versions.md.
//
//   npm run test:versions [redis|nats|postgres]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { ROOT } from '../testing/secured-servers.ts';
import { commit, machine, today } from '../testing/run-facts.ts';
import { SERVER_VERSIONS, type ServerVersion } from './server-versions.ts';

const REPORT = 'docs/test-versions.md';
const TESTS_LIMIT_MS = 1_800_000;
/** Redis: script and feed. NATS: publishing and consuming. Postgres: all that is SQL. */
const TESTS: Readonly<Record<ServerVersion['server'], readonly string[]>> = {
  redis: [
    'api-gateway/adapters/redis/decide-script.it.test.ts',
    'api-gateway/http/bidding.it.test.ts',
    'api-gateway/http/bid-durability.it.test.ts',
    'broadcast-service/live-feed.it.test.ts',
    'broadcast-service/gaps.it.test.ts',
    'broadcast-service/streams.it.test.ts',
    'archival-worker/adapters/redis/auction-marks.it.test.ts',
    'shared/runtime/redis.it.test.ts',
  ],
  nats: [
    'shared/runtime/jetstream.it.test.ts',
    'api-gateway/hand-off/hand-off.it.test.ts',
    'archival-worker/adapters/nats/jetstream-source.it.test.ts',
    'archival-worker/archive/archive-events.it.test.ts',
    'archival-worker/archive/redelivery.it.test.ts',
  ],
  postgres: [
    'archival-worker/adapters/postgres/run-migrations.it.test.ts',
    'archival-worker/adapters/postgres/statistics.it.test.ts',
    'archival-worker/archive/archive-events.it.test.ts',
    'archival-worker/archive/refusals.it.test.ts',
    'archival-worker/history/history.it.test.ts',
    'archival-worker/history/search.it.test.ts',
    'archival-worker/seal/seal.it.test.ts',
    'archival-worker/verify/verify.it.test.ts',
  ],
};
const NAMES = { redis: 'Redis', nats: 'NATS', postgres: 'Postgres' };

const HEAD = `# Versions of the servers

What ships is in [compose.yaml](../infrastructure/docker/compose.yaml) and the manifests, which a test holds to the
same versions. \`npm test\` runs on the servers that a machine has, the containers and the cluster on those of
[test-deployed](test-deployed.md). The table is what \`npm run test:versions\` has run last on other ones: for Redis the
script, bids and the feed, for NATS publishing and consuming, for Postgres all that is SQL
([which files](../infrastructure/versions/test-versions.ts)). A version that is not here has not been tried: Redis 7.4,
which ships, is one, unless CI could pull its image.

| server | from | passed | failed | when | commit | machine |
| --- | --- | --- | --- | --- | --- | --- |
`;

const counts = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
});

const [only] = process.argv.slice(2);
const rows = new Map(existsSync(REPORT) ? readRows(readFileSync(REPORT, 'utf8')) : []);
for (const version of SERVER_VERSIONS) {
  if (only !== undefined && version.server !== only) continue;
  const program = await version.obtain();
  const name = `${NAMES[version.server]}: ${await saidBy(program)}`;
  console.log(name);
  const { passed, failed } = await runTests(version.server, dirname(program));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
  const run = `${today()} | ${commit()} | ${machine()}`;
  rows.set(name, `| ${name} | ${version.from} | ${passed} | ${failed} | ${run} |`);
  writeFileSync(REPORT, `${HEAD}${[...rows.values()].join('\n')}\n`);
}

async function runTests(
  server: ServerVersion['server'],
  folder: string,
): Promise<{ passed: number; failed: number }> {
  const place = await mkdtemp(join(tmpdir(), 'outcry-versions-'));
  const report = join(place, 'report.json');
  const { output } = await runCommand(
    'npx',
    ['vitest', 'run', '--reporter=json', '--outputFile', report, ...TESTS[server]],
    {
      cwd: ROOT,
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
      withinMs: TESTS_LIMIT_MS,
    },
  );
  if (!existsSync(report)) throw new Error(`Vitest did not run:\n${output.slice(-2_000)}`);
  const text = await readFile(report, 'utf8');
  await rm(place, { recursive: true });
  const { numPassedTests, numFailedTests, numFailedTestSuites } = counts.parse(JSON.parse(text));
  // A file that could not be loaded has no tests to count.
  return { passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites) };
}

/** Its version, in its own words. */
async function saidBy(program: string): Promise<string> {
  const { output } = await runCommand(program, ['--version']);
  const [, name = ''] = /(?:v=|: v|PostgreSQL\) )([\d.]+)/.exec(output) ?? [];
  return output.startsWith('Valkey') ? `Valkey ${name}` : name;
}

function readRows(report: string): (readonly [string, string])[] {
  return Array.from(
    report.matchAll(/^\| (\w+: [^|]+?) +\|.*$/gm),
    ([row, name = '']) => [name, row] as const,
  );
}
