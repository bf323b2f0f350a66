/**
 * Makes shared/domain/confusables.json (by what characters are taken for, those that are taken for it, all
 * as code points in hexadecimal) and shared/domain/joining.ts from files of the Unicode Character Database:
 *
 *     npx tsx infrastructure/tables/make-text-tables.ts confusables.txt ArabicShaping.txt UnicodeData.txt
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , confusablesFile = '', shapingFile = '', dataFile] = process.argv;
if (dataFile === undefined) {
  throw new Error('usage: make-text-tables.ts confusables.txt ArabicShaping.txt UnicodeData.txt');
}
const read = (file: string): string => readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line.includes(';'))
    .map((line) => line.split(';').map((field) => field.trim()));
const hex = (code: number): string => code.toString(16).toUpperCase();
const escape = (code: number): string => String.raw`\u{${hex(code)}}`;
const write = (name: string, text: string): void =>
  writeFileSync(new URL(`../../shared/domain/${name}`, import.meta.url), text);

const byPrototype: Record<string, string> = {};
for (const [source = '', prototype = ''] of rowsOf(read(confusablesFile))) {
  const key = prototype.replaceAll(/\b0+/g, '');
  const others = byPrototype[key] === undefined ? '' : `${byPrototype[key]} `;
  byPrototype[key] = others + hex(Number.parseInt(source, 16));
}
write('confusables.json', `${JSON.stringify(byPrototype, null, 2)}\n`);

/** Code points as a character class of a regular expression. */
function classOf(codes: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const code of codes.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  return ranges
    .map(([from, to]) => (from === to ? escape(from) : `${escape(from)}-${escape(to)}`))
    .join('');
}
const joining = (type: string): number[] =>
  rowsOf(read(shapingFile)).flatMap(([code = '', , of]) =>
    of === type ? [Number.parseInt(code, 16)] : [],
  );
const viramas = read(dataFile)
  .split('\n')
  .map((line) => line.split(';'))
  .flatMap(([code = '', , , combining]) => (combining === '9' ? [Number.parseInt(code, 16)] : []));
const shaping = /^# ArabicShaping-([0-9.]+)\.txt/.exec(read(shapingFile))?.[1];
write(
  'joining.ts',
  `// Made by infrastructure/tables/make-text-tables.ts from Unicode ${shaping}: ArabicShaping.txt and
// UnicodeData.txt. Each is the inside of a character class.

/** Letters that join to both sides. */
export const DUAL_JOINING = String.raw\`${classOf(joining('D'))}\`;

/** Letters that join to what stands left of them. */
export const LEFT_JOINING = String.raw\`${classOf(joining('L'))}\`;

/** Letters that join to what stands right of them. */
export const RIGHT_JOINING = String.raw\`${classOf(joining('R'))}\`;

/** Signs that take a consonant its vowel; joiners behind them choose how the cluster is drawn. */
export const VIRAMAS = String.raw\`${classOf(viramas)}\`;
`,
);
