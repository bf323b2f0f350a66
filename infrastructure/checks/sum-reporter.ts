import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that sums all tests: `N passed, N failed`. */
export default class SumReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) counts[test.result().state] += 1;
      // A file that could not be loaded has no tests to count, but it is a failure.
      if (module.state() === 'failed' && tests.every((test) => test.result().state !== 'failed')) {
        counts.failed += 1;
      }
    }
    const skipped = counts.skipped + counts.pending;
    const end = skipped > 0 ? `, ${skipped} skipped` : '';
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${end}\n`);
  }
}
