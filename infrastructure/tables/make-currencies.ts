/**
 * Makes shared/domain/currencies.ts from ISO 4217's list one, as its maintenance agency (SIX) publishes
 * it in XML; packages carry it along (PyPI `iso4217`: iso4217/table.xml).
 *
 *     npx tsx infrastructure/tables/make-currencies.ts list-one.xml
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , listFile] = process.argv;
if (listFile === undefined) throw new Error('usage: make-currencies.ts list-one.xml');
const xml = readFileSync(listFile, 'utf8');
const published = /<ISO_4217 Pblshd="([0-9-]+)"/.exec(xml)?.[1];
if (published === undefined) throw new Error('not a list of ISO 4217');

const digits = new Map<string, string>();
for (const [, entry = ''] of xml.matchAll(/<CcyNtry>(.*?)<\/CcyNtry>/gs)) {
  const code = /<Ccy>([A-Z]{3})<\/Ccy>/.exec(entry)?.[1];
  const units = /<CcyMnrUnts>([0-9])<\/CcyMnrUnts>/.exec(entry)?.[1];
  // "N.A.": metals, baskets and test codes have no minor unit, so no amount of ours can be in them.
  if (code !== undefined && units !== undefined) digits.set(code, units);
}
const rows = [...digits].toSorted(([a], [b]) => (a < b ? -1 : 1));

writeFileSync(
  new URL('../../shared/domain/currencies.ts', import.meta.url),
  `// Made by infrastructure/tables/make-currencies.ts from ISO 4217's list one of ${published}.

/**
 * How many digits an amount has behind its decimal separator, by the code of each currency that is in
 * use and has a minor unit.
 */
export const MINOR_DIGITS: ReadonlyMap<string, number> = new Map([
${rows.map(([code, units]) => `  ['${code}', ${units}],`).join('\n')}
]);
`,
);
