/** `npx tsx load-tests/linearizability/check-history.ts <file>…`: checks histories that were kept. */
import { readFile } from 'node:fs/promises';
import { checkHistory } from './checker/check-history.ts';
import { violationText, type History } from './history.ts';

for (const file of process.argv.slice(2)) {
  const violations = checkHistory(JSON.parse(await readFile(file, 'utf8')) as History);
  console.log(`${file}: ${violations.length} violation(s)`);
  for (const violation of violations) console.log(`\n${violationText(violation)}`);
  if (violations.length > 0) process.exitCode = 1;
}
