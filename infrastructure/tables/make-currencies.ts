/**
 * Makes shared/domain/currencies.json from ISO 4217's list one, as its maintenance agency (SIX) publishes
 * it in XML; packages carry it along (PyPI `iso4217`: iso4217/table.xml).
 *
 *     npx tsx infrastructure/tables/make-currencies.ts list-one.xml
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , listFile] = process.argv;
if (listFile === undefined) throw new Error('usage: make-currencies.ts list-one.xml');
const xml = readFileSync(listFile, 'utf8');
if (!xml.includes('<ISO_4217 ')) throw new Error('not a list of ISO 4217');

const digits = new Map<string, number>();
for (const [, entry = ''] of xml.matchAll(/<CcyNtry>(.*?)<\/CcyNtry>/gs)) {
  const code = /<Ccy>([A-Z]{3})<\/Ccy>/.exec(entry)?.[1];
  const units = /<CcyMnrUnts>([0-9])<\/CcyMnrUnts>/.exec(entry)?.[1];
  // "N.A.": metals, baskets and test codes have no minor unit, so no amount of ours can be in them.
  if (code !== undefined && units !== undefined) digits.set(code, Number(units));
}
const sorted = Object.fromEntries([...digits].toSorted(([a], [b]) => (a < b ? -1 : 1)));
const file = new URL('../../shared/domain/currencies.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
