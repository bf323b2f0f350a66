/**
 * Under which terms a text is found: its words and their parts, without regard to accents, capitals and
 * normal forms; pure. What is stored and what is asked for go through the same function.
 */

/** Longer words are cut; the rest of them decides nothing. */
const MAX_WORD = 32;
/** In scripts that do not part words, a term is as many characters from any place on. */
const GRAM = 4;
/** Of a longer text only the beginning is found. Bounds an item's share of the index. */
const MAX_TERMS = 6_000;

/** Written without blanks between words, or, as Korean, with words that are joined freely. */
const UNPARTED =
  '\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Bopo}\\p{sc=Hang}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}ー々';
/** Flags are two letters; signs and emoji are words of their own, skin tones none. */
const PIECE = /\p{RI}{2}|[\p{L}\p{M}\p{N}]+|[\p{So}\p{Sm}\p{Sc}]/gu;
/** Within a piece: digits, text in an unparted script, other letters. */
const SEGMENT = new RegExp(`\\p{N}+|[${UNPARTED}]+|[^\\p{N}${UNPARTED}]+`, 'gu');
const IS_UNPARTED = new RegExp(`^[${UNPARTED}]`, 'u');

/** What a search asks for. */
export interface QueryTerm {
  readonly term: string;
  /** Whether terms that begin with it will do. */
  readonly begins: boolean;
}

/** The different terms of these texts. */
export function searchTerms(...texts: readonly string[]): readonly string[] {
  const terms = new Set<string>();
  for (const text of texts) {
    for (const [piece] of folded(text).matchAll(PIECE)) {
      for (const term of termsOf(piece)) {
        if (terms.size >= MAX_TERMS) return [...terms];
        terms.add(term);
      }
    }
  }
  return [...terms];
}

/** What a text must have, all of it, to be found by this search. None: it asks for nothing. */
export function queryTerms(search: string): readonly QueryTerm[] {
  const terms = new Map<string, QueryTerm>();
  for (const [piece] of folded(search).matchAll(PIECE)) {
    for (const [segment] of piece.matchAll(SEGMENT)) {
      for (const term of queried(segment)) terms.set(term.term, term);
    }
  }
  return [...terms.values()];
}

function* termsOf(piece: string): Generator<string> {
  for (const { index, 0: segment } of piece.matchAll(SEGMENT)) {
    if (!IS_UNPARTED.test(segment)) {
      yield firstCharacters(piece.slice(index), MAX_WORD);
      continue;
    }
    let at = index;
    for (const character of segment) {
      yield firstCharacters(piece.slice(at, at + 2 * GRAM), GRAM);
      at += character.length;
    }
  }
}

function queried(segment: string): QueryTerm[] {
  if (!IS_UNPARTED.test(segment)) {
    return [{ term: firstCharacters(segment, MAX_WORD), begins: true }];
  }
  const characters = Array.from(segment);
  if (characters.length <= GRAM) return [{ term: segment, begins: true }];
  return characters
    .slice(0, characters.length - GRAM + 1)
    .map((_, i) => ({ term: characters.slice(i, i + GRAM).join(''), begins: false }));
}

const firstCharacters = (text: string, count: number): string =>
  Array.from(text.slice(0, 2 * count))
    .slice(0, count)
    .join('');

/** Letters that Unicode does not take apart, as people type them without their strokes. */
const PLAIN_LETTERS: ReadonlyMap<string, string> = new Map([
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['ł', 'l'],
  ['đ', 'd'],
  ['ð', 'd'],
  ['ħ', 'h'],
  ['ŧ', 't'],
  ['þ', 'th'],
  ['ς', 'σ'],
]);
const TO_PLAIN = new RegExp(`[${[...PLAIN_LETTERS.keys()].join('')}]`, 'gu');
/** Accents and points, but not the marks that make another kana, nor vowel signs. */
const ACCENTS = /(?![\u3099\u309A])(?=[\p{sc=Zinh}\p{sc=Hebr}\p{sc=Arab}])\p{M}/gu;

const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{DI}/gu, '')
    .replaceAll(ACCENTS, '')
    .replaceAll('\u2044', ' ')
    .normalize('NFC')
    .toUpperCase()
    .toLowerCase()
    .replaceAll(TO_PLAIN, (letter) => PLAIN_LETTERS.get(letter) ?? letter);
