/**
 * What people write: one rule for every length, and what no text may hold, by Unicode's own
 * properties. The forms, the API and its description use the same; pure.
 */

/** How long a text may be, in characters. */
export interface TextRule {
  readonly max: number;
  /** Whether it may have several lines. */
  readonly lines: boolean;
  /** Whether it must show something. */
  readonly required: boolean;
}

export const TITLE_RULE: TextRule = { max: 200, lines: false, required: true };
/** Why an auction was paused, a bidder removed … */
export const REASON_RULE: TextRule = { max: 200, lines: false, required: true };
export const DESCRIPTION_RULE: TextRule = { max: 5_000, lines: true, required: false };

/**
 * Length in characters: Unicode's code points, as JSON Schema and Postgres count them. An emoji of
 * several code points counts as several.
 */
export function characterCount(text: string): number {
  return Array.from(text).length;
}

/** The text as it is kept: composed (NFC), without blanks at its ends. */
export const tidyText = (text: string): string => text.normalize('NFC').trim();

/** NUL and half a surrogate pair are legal in JSON, but Redis's JSON or Postgres refuses them. */
const CONTROLS = /[\p{Cc}\p{Cs}]/u;
const CONTROLS_OR_BREAKS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
/** These would also turn around what stands beside the text. Single marks (LRM, RLM, ALM) do not. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/u;
/** UTS 39, 5.4: more marks on one letter are no writing, and cover what is near. */
const PILED_MARKS = /[\p{Mn}\p{Me}]{5}/u;
/** The blank Braille pattern is a symbol by its properties. */
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{DI}\u2800]/u;

/** Whether anything of it is seen. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/**
 * What is wrong with a tidied text, to be read behind its name ("must …").
 * @returns undefined when nothing is
 */
export function textFault(text: string, { max, lines, required }: TextRule): string | undefined {
  if (characterCount(text) > max) return `must have at most ${max} characters`;
  if (required && !isVisible(text)) return 'must have at least one visible character';
  if (lines ? CONTROLS.test(text.replaceAll(/[\t\n\r]/gu, '')) : CONTROLS_OR_BREAKS.test(text)) {
    return 'must not have control characters';
  }
  if (TURNING.test(text)) return 'must not have characters that turn the direction of writing';
  if (hasPiledMarks(text)) return 'must not have more than four marks on a letter';
  return undefined;
}

/** Whether a letter carries more than four marks. */
export const hasPiledMarks = (text: string): boolean => PILED_MARKS.test(text.normalize('NFD'));
