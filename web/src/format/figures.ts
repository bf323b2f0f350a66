/** Technical figures as an operator reads them. */

/** `0`, `0.4`, `12`, `1,204`; a dash where nothing is known. */
export function figureText(value: number | undefined, locale?: string): string {
  if (value === undefined) return '–';
  const digits = value > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString(locale, { maximumFractionDigits: digits });
}

/** `0 s`, `35 ms`, `1.2 s`, `4 min`, `2 h`; a dash where nothing is known. */
export function spanText(seconds: number | undefined, locale?: string): string {
  if (seconds === undefined) return '–';
  if (seconds === 0) return `${figureText(0, locale)} s`;
  if (seconds < 0.001) return '< 1 ms';
  if (seconds < 1) return `${Math.round(seconds * 1_000).toLocaleString(locale)} ms`;
  if (seconds < 60) return `${figureText(seconds, locale)} s`;
  if (seconds < 7_200) return `${figureText(seconds / 60, locale)} min`;
  return `${figureText(seconds / 3_600, locale)} h`;
}

/** `4 %`; a dash where nothing is known. */
export const shareText = (share: number | undefined, locale?: string): string =>
  share === undefined
    ? '–'
    : share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 0 });
