/** Keeps the last results of `npm run test:full` in docs/test-full.md, one row a file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { commit, machine, today } from '../testing/run-facts.ts';

const REPORT = 'docs/test-full.md';
/** Tests that take longer are named: theirs are the sizes that matter. */
const LONG_TEST_MS = 10_000;

const HEAD = `# The last full test run

Written by \`npm run test:full\`, which runs the sizes that [sizes.ts](../shared/testing/sizes.ts) states under \`full\`; a part of it can be run with \`TEST_SIZE=full npx vitest run <files>\`. Rows of files that a run does not touch stay as they were, with their own date and commit. A "+" after the commit means: with changes that were not committed yet.

| file | passed | failed | took | when | commit | machine | its long tests |
| --- | --- | --- | --- | --- | --- | --- | --- |
`;

export default class FullReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (process.env['TEST_SIZE'] !== 'full') return;
    const rows = new Map(existsSync(REPORT) ? readRows(readFileSync(REPORT, 'utf8')) : []);
    const run = `${today()} | ${commit()} | ${machine()}`;
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      // Pure tests have one size.
      if (!file.endsWith('.it.test.ts')) continue;
      rows.set(file, rowOf(file, module, run));
    }
    const sorted = [...rows.values()].toSorted();
    writeFileSync(REPORT, `${HEAD}${sorted.join('\n')}\n`);
  }
}

function rowOf(file: string, module: TestModule, run: string): string {
  const tests = [...module.children.allTests()];
  const failed = tests.filter((test) => test.result().state === 'failed').length;
  const passed = tests.filter((test) => test.result().state === 'passed').length;
  const long = tests
    .map((test) => ({ name: test.fullName, ms: test.diagnostic()?.duration ?? 0 }))
    .filter(({ ms }) => ms >= LONG_TEST_MS)
    .map(({ name, ms }) => `${name.replaceAll('|', '/')} (${seconds(ms)})`);
  // A file that could not be loaded has no tests to count.
  const faults = failed === 0 && module.state() === 'failed' ? 1 : failed;
  const took = seconds(module.diagnostic().duration);
  return `| \`${file}\` | ${passed} | ${faults} | ${took} | ${run} | ${long.join('; ')} |`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const ROW = /^\| `([^`]+)` \|.*$/gm;

const readRows = (report: string): (readonly [string, string])[] =>
  Array.from(report.matchAll(ROW), ([row, file = '']) => [file, row] as const);
