/** `npx tsx load-tests/linearizability/check-history.ts <file>…`: checks histories that were kept. */
import { checkHistory } from './checker/check.ts';
import { violationText } from './checker/violation.ts';
import { readHistory } from './history.ts';
import { summaryText, summarize } from './run-seeds.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Give the files to check.');
  process.exitCode = 2;
}
for (const file of files) {
  const history = await readHistory(file);
  const violations = checkHistory(history);
  console.log(`${file}: ${summaryText(summarize(history))}`);
  for (const violation of violations) console.log(`\n${violationText(violation)}`);
  console.log(violations.length === 0 ? 'valid' : `\n${violations.length} violation(s)`);
  if (violations.length > 0) process.exitCode = 1;
}
