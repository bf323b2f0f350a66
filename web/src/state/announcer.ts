/**
 * What screen readers are told without being asked. A hot auction changes its price many times a
 * second: news of one kind come at most every few seconds, and only the newest of them.
 */
import { signal } from '@preact/signals';

const PAUSE_MS = 4_000;

/** The text of the page's polite live region. */
export const announcement = signal('');

let waiting: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says it at once, or after the pause when something was said just now; newer news replace it. */
export function announceLatest(text: string): void {
  if (timer !== undefined) {
    waiting = text;
    return;
  }
  announcement.value = text;
  timer = setTimeout(() => {
    timer = undefined;
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) announceLatest(next);
  }, PAUSE_MS);
}

/** For what concerns the reader personally: said at once, and older news are dropped. */
export function announceNow(text: string): void {
  clearTimeout(timer);
  timer = undefined;
  waiting = undefined;
  announceLatest(text);
}
