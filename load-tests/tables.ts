/** Figures as text, for reports. */

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** Milliseconds, without a unit; `-` for none. */
export const ms = (value: number): string =>
  Number.isNaN(value) ? '-' : value < 10 ? value.toFixed(1) : whole(value);

/** A table of Markdown that can be read as it is: the first column to the left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) =>
    Math.max(3, ...[head, ...rows].map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return `| ${cells.join(' | ')} |`;
  };
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/** The first so many lines of a list, and how many more there are. */
export const firstOf = (lines: readonly string[], shown: number): string[] => [
  ...lines.slice(0, shown),
  ...(lines.length > shown ? [`and ${lines.length - shown} more`] : []),
];
