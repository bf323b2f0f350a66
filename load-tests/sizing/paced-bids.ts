/** Bids at a steady rate over raw connections, which cost the machine little. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AnswerReader } from '../bench/load/answer-reader.ts';
import { requestText, type RequestPlan } from '../bench/load/request-plan.ts';

const CONNECTIONS = 64;
const ANSWER_LIMIT_MS = 5_000;

export interface Pace {
  readonly bidsPerSecond: number;
  readonly seconds: number;
  /** The number of the first request: a second run goes on where the first one ended. */
  readonly firstRequest: number;
}

/**
 * Each connection sends its bids when they are due, or at once when it is late.
 * @returns the number of the next request @throws Error when a connection fails
 */
export async function bidAtPace(plan: RequestPlan, pace: Pace): Promise<number> {
  const { bidsPerSecond, seconds, firstRequest } = pace;
  const startedAt = performance.now();
  const end = firstRequest + bidsPerSecond * seconds;
  const { hostname, port } = new URL(plan.origin);
  const line = async (first: number): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('no answer in time')));
    const reader = new AnswerReader();
    let answered: (() => void) | undefined;
    const broken = new Promise<never>((_, reject) => socket.on('error', reject));
    broken.catch(() => undefined);
    socket.on('data', (chunk) => {
      if (reader.push(chunk).length > 0) answered?.();
    });
    for (let n = first; n < end; n += CONNECTIONS) {
      const dueAt = startedAt + ((n - firstRequest) * 1_000) / bidsPerSecond;
      const early = dueAt - performance.now();
      if (early > 0) await pause(early);
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      socket.write(requestText(plan, n));
      await Promise.race([answer, broken]);
    }
    socket.end();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => line(firstRequest + i)));
  return end;
}
