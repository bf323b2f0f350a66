import { useState } from 'preact/hooks';
import { Button } from './button.tsx';

/** Rows on a page; of cards, rows of one, two, three and four are full. */
const SHEET_SIZE = 48;

interface Turns {
  /** Goes there; undefined where there is no such page. */
  readonly previous: (() => void) | undefined;
  readonly next: (() => void) | undefined;
}

/** A long list in pages, of which one is shown. */
export function useSheets<T>(items: readonly T[]): Turns & {
  readonly shown: readonly T[];
  readonly toFirst: () => void;
} {
  const [sheet, setSheet] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / SHEET_SIZE) - 1);
  const at = Math.min(sheet, last);
  const turnTo = (to: number): void => {
    setSheet(to);
    scrollTo({ top: 0, behavior: 'instant' });
  };
  return {
    shown: items.slice(at * SHEET_SIZE, (at + 1) * SHEET_SIZE),
    previous: at === 0 ? undefined : () => turnTo(at - 1),
    next: at === last ? undefined : () => turnTo(at + 1),
    toFirst: () => setSheet(0),
  };
}

/** Buttons to the pages around the one that is shown. */
export const PageTurns = ({ previous, next }: Turns) => (
  <>
    {previous !== undefined && <Button onClick={previous}>Previous page</Button>}
    {next !== undefined && <Button onClick={next}>Next page</Button>}
  </>
);
