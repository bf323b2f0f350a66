/**
 * Display names, by the rules of Unicode Technical Standard 39: a name stands for one person, so it
 * must not be taken for another one's; pure.
 */
import CONFUSABLES from './confusables.json' with { type: 'json' };
import { DUAL_JOINING, LEFT_JOINING, RIGHT_JOINING, VIRAMAS } from './joining.ts';
import { characterCount, hasPiledMarks, isVisible } from './text.ts';

export const MAX_NAME = 40;

/** Scripts in everyday use (UAX 31, table 5), as Unicode's property names them. */
const SCRIPTS = [
  'Arabic',
  'Armenian',
  'Bengali',
  'Bopomofo',
  'Cyrillic',
  'Devanagari',
  'Ethiopic',
  'Georgian',
  'Greek',
  'Gujarati',
  'Gurmukhi',
  'Han',
  'Hangul',
  'Hebrew',
  'Hiragana',
  'Kannada',
  'Katakana',
  'Khmer',
  'Lao',
  'Latin',
  'Malayalam',
  'Myanmar',
  'Oriya',
  'Sinhala',
  'Tamil',
  'Telugu',
  'Thaana',
  'Thai',
  'Tibetan',
] as const;

/** Scripts that are written together in one language, by the mixture's name in UTS 39. */
const MIXTURES: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['Hanb', new Set(['Han', 'Bopomofo'])],
  ['Jpan', new Set(['Han', 'Hiragana', 'Katakana'])],
  ['Kore', new Set(['Han', 'Hangul'])],
];

const matchers = SCRIPTS.map((script) => [script, new RegExp(`\\p{scx=${script}}`, 'u')] as const);
const ANY_SCRIPT = /[\p{scx=Common}\p{scx=Inherited}]/u;

const RGI_EMOJI = new RegExp(String.raw`\p{RGI_Emoji}`, 'gv');
/** Joiners where they change how letters are drawn (CONTEXTJ, RFC 5892). */
const JOINERS = new RegExp(
  `(?<=[${VIRAMAS}])[\\u200C\\u200D]|` +
    `(?<=[${DUAL_JOINING}${LEFT_JOINING}]\\p{M}*)\\u200C(?=\\p{M}*[${DUAL_JOINING}${RIGHT_JOINING}])`,
  'gu',
);
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}\u2800]/u;

/** The name as it is kept and shown: composed (NFC), single blanks only between words. */
export const tidyName = (name: string): string =>
  name.normalize('NFC').trim().replaceAll(/\s+/gu, ' ');

/**
 * What is wrong with a tidied name, to be read behind "the name".
 * @returns undefined when nothing is
 */
export function nameFault(name: string): string | undefined {
  const rest = name.replaceAll(RGI_EMOJI, '').replaceAll(JOINERS, '');
  const length = characterCount(name);
  if (length > MAX_NAME || !isVisible(name) || UNPRINTABLE.test(rest)) {
    return `must be 1 to ${MAX_NAME} printable characters`;
  }
  if (hasPiledMarks(name)) return 'must not have more than four marks on a letter';
  if (!isOfOneWriting(rest)) return 'must not mix letters of different scripts';
  if (LABEL_LOOKS.test(looksOf(name).lower)) return 'is kept for bidders without a name';
  return undefined;
}

/** What a name is taken for. Two names that have one of them in common look alike. */
export interface Looks {
  /** As it is written: `Iris` looks like `lris`. */
  readonly written: string;
  /** In small letters: `IRIS` is `iris` in capitals. */
  readonly lower: string;
}

/** The looks of a name: its skeletons (UTS 39, 4), blanks left out. */
export const looksOf = (name: string): Looks => ({
  written: skeleton(name),
  lower: skeleton(name.toLowerCase()),
});

const fromHex = (code: string): string => String.fromCodePoint(Number.parseInt(code, 16));
/** What each character is taken for. */
const prototypes = new Map(
  Object.entries(CONFUSABLES).flatMap(([prototype, lookalikes]) => {
    const text = prototype.split(' ').map(fromHex).join('');
    return lookalikes.split(' ').map((code) => [fromHex(code), text] as const);
  }),
);

function skeleton(text: string): string {
  let shown = '';
  for (const character of text.normalize('NFD').replaceAll(/\p{DI}/gu, '')) {
    shown += prototypes.get(character) ?? character;
  }
  return shown.normalize('NFD').replaceAll(/\s/gu, '');
}

/** What the labels of bidders without a name look like: "Bidder" and eight hexadecimal digits. */
const LABEL_LOOKS = new RegExp(`^${skeleton('bidder')}[${skeleton('0123456789abcdef')}]{8}$`, 'u');

/**
 * At most "moderately restrictive" (UTS 39, 5.2): one script; Latin with the scripts of Chinese,
 * Japanese or Korean; or Latin with one other script that is not Cyrillic or Greek, whose letters
 * look like Latin ones.
 */
function isOfOneWriting(text: string): boolean {
  const sets = Array.from(text)
    .filter((c) => !ANY_SCRIPT.test(c))
    .map(scriptsOf);
  if (commonTo(sets).size > 0 || sets.length === 0) return true;
  const others = commonTo(sets.filter((scripts) => !scripts.has('Latin')));
  return [...others].some((script) => !['Cyrillic', 'Greek', RARE].includes(script));
}

/** Stands for all scripts that are not in everyday use: alone they may be, mixed they may not. */
const RARE = 'rare';

function scriptsOf(character: string): Set<string> {
  const scripts = new Set<string>(
    matchers.filter(([, matcher]) => matcher.test(character)).map(([script]) => script),
  );
  for (const [mixture, members] of MIXTURES) {
    if ([...members].some((member) => scripts.has(member))) scripts.add(mixture);
  }
  return scripts.size === 0 ? new Set([RARE]) : scripts;
}

function commonTo(sets: readonly ReadonlySet<string>[]): Set<string> {
  const [first = new Set<string>(), ...rest] = sets;
  return new Set([...first].filter((script) => rest.every((scripts) => scripts.has(script))));
}
