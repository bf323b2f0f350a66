import { defineConfig } from 'vitest/config';
import { isLostSocket } from './archival-worker/lost-socket.ts';

const NO_SOURCES = ['**/node_modules/**', '**/dist/**', '.local/**'];

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
          exclude: ['**/*.it.test.ts', '**/*.deployed.test.ts', ...NO_SOURCES],
          // Thousands of random cases take their time on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.it.test.ts'],
          exclude: NO_SOURCES,
          // One file at a time: each starts servers and measures time by them.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'deployed',
          include: ['**/*.deployed.test.ts'],
          exclude: NO_SOURCES,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
