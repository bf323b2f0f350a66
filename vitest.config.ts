import { defineConfig } from 'vitest/config';
import { isLostSocket } from './archival-worker/lost-socket.ts';

const NO_SOURCES = ['**/node_modules/**', '**/dist/**', '.local/**'];

/**
 * They take minutes together: whole systems that are loaded, broken, compared, updated and installed, every right
 * of every user of the servers, and browsers on every page. `npm test` leaves them out; CI and `npm run test:full`
 * run them.
 */
const LONG = [
  'load-tests/**/*.it.test.ts',
  'api-gateway/http/bid-durability.it.test.ts',
  'api-gateway/keeper/{drain,many-open,outage}.it.test.ts',
  'archival-worker/{accounts,dead-letters,rebuild,seal,verify,whole}/*.it.test.ts',
  'archival-worker/history/long-reports.it.test.ts',
  'archival-worker/webhooks/{deliveries,kept}.it.test.ts',
  '{api-gateway,archival-worker,broadcast-service}/**/redis-hangs.it.test.ts',
  'broadcast-service/{dead-connection,live-faults,notices,secrets,under-attack}.it.test.ts',
  'client/package.it.test.ts',
  'infrastructure/{access,docker,k8s,observability,update}/*.it.test.ts',
  'infrastructure/local/{bootstrap,run-until-signal,start-system}.it.test.ts',
  'shared/runtime/redis.it.test.ts',
  'web/browser/*.it.test.ts',
];

/** One file at a time: each starts servers and measures time by them. */
const oneByOne = (name: string, order: number, include: string[], besides: string[] = []) => ({
  test: {
    name,
    include,
    exclude: [...besides, ...NO_SOURCES],
    maxWorkers: 1,
    sequence: { groupOrder: order },
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});

export default defineConfig({
  test: {
    // Tests that kill Postgres meet a defect of its client that services survive: lost-socket.ts.
    onUnhandledError: (error) => !isLostSocket(error),
    reporters: [
      'default',
      './infrastructure/checks/full-report.ts',
      './infrastructure/checks/sum-reporter.ts',
    ],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/*.it.test.ts', '**/*.deployed.test.ts', '**/*.k8s.test.ts', ...NO_SOURCES],
          // Thousands of random cases take their time on a busy machine.
          testTimeout: 30_000,
        },
      },
      oneByOne('integration', 1, ['**/*.it.test.ts'], LONG),
      oneByOne('long', 2, LONG),
      oneByOne('deployed', 3, ['**/*.deployed.test.ts']),
      oneByOne('k8s', 4, ['**/*.k8s.test.ts']),
    ],
  },
});
