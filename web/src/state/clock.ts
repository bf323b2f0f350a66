/**
 * The present moment by the server's clock, ticking for whoever looks at it. A viewer's own clock
 * may be minutes off; auctions end by Redis's clock.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { ServerClock } from '@outcry/client/server-clock.ts';
import { momentText } from '../format/time.ts';

const httpClock = new ServerClock();
let liveClock: ServerClock | undefined;

/** The live connection measures too; whichever knows better is asked. */
export function addClock(clock: ServerClock): void {
  liveClock = clock;
}

/** Milliseconds since 1970 by the server's clock, as well as it is known. */
export function serverNow(): number {
  return bestClock().now();
}

/** A moment as people read it. @param at ISO 8601 */
export const momentOf = (at: string): string => momentText(Date.parse(at), serverNow());

/** By how much {@link serverNow} can be wrong, in ms; `Infinity` until something was measured. */
export const clockErrorMs = (): number => bestClock().errorMs ?? Infinity;

function bestClock(): ServerClock {
  const liveError = liveClock?.errorMs ?? Infinity;
  const httpError = httpClock.errorMs ?? Infinity;
  return liveClock === undefined || httpError < liveError ? httpClock : liveClock;
}

/** Learns the server's time from an answer that carries it. */
export async function timed<T extends { readonly serverTime: string }>(
  request: () => Promise<T>,
): Promise<T> {
  const measured = httpClock.measure();
  const answer = await request();
  measured(Date.parse(answer.serverTime));
  return answer;
}

/** Ticks while anything shows it. */
function ticking(periodMs: number): ReadonlySignal<number> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const now = signal(serverNow(), {
    watched: () => {
      // Whoever looks now is in the midst of reading; the change comes right after, unpainted.
      queueMicrotask(() => {
        now.value = serverNow();
      });
      timer = setInterval(() => {
        now.value = serverNow();
      }, periodMs);
    },
    unwatched: () => clearInterval(timer),
  });
  return now;
}

/** For whole seconds: four times per second, so that none is skipped. */
export const clock = ticking(250);

/** For tenths of a second. */
export const fineClock = ticking(100);

/** For texts like "5 min ago". */
export const slowClock = ticking(5_000);
