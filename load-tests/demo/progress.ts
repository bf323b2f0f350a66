/** Shows how far the replay is: a bar on a terminal, a line now and then elsewhere. */

/** What is shown; the replay writes it, the display reads it. */
export interface Progress {
  readonly bids: number;
  readonly auctions: number;
  answered: number;
  opened: number;
  closed: number;
  /** Requests sent again, read when shown. */
  readonly resent: () => number;
}

const BAR_CELLS = 30;
const BAR_EVERY_MS = 100;
const LINE_EVERY_MS = 2_000;
const CLEAR_LINE = '\r\u001B[2K';

const count = (value: number): string => value.toLocaleString('en');

/** The numbers as one line. */
export function progressText(progress: Progress, elapsedMs: number): string {
  const { bids, auctions, answered, opened, closed, resent } = progress;
  return [
    `${count(answered)} of ${count(bids)} bids`,
    `${opened - closed} auctions live, ${closed} of ${auctions} closed`,
    ...(resent() > 0 ? [`${count(resent())} requests sent again`] : []),
    `${(elapsedMs / 1000).toFixed(0)} s`,
  ].join(' · ');
}

/** @returns a function that ends the display */
export function showProgress(progress: Progress, output: NodeJS.WriteStream): () => void {
  const startedAt = performance.now();
  const text = (): string => progressText(progress, performance.now() - startedAt);
  const { isTTY } = output;
  const show = (): void => {
    if (!isTTY) {
      output.write(`${text()}\n`);
      return;
    }
    const filled = Math.round((progress.answered / progress.bids) * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    // A line that wraps could not be cleared.
    const room = Math.max(output.columns - 1, 1);
    output.write(CLEAR_LINE + `${bar} ${text()}`.slice(0, room));
  };
  const timer = setInterval(show, isTTY ? BAR_EVERY_MS : LINE_EVERY_MS);
  return () => {
    clearInterval(timer);
    show();
    if (isTTY) output.write('\n');
  };
}
