/**
 * Bids at a fixed rate, over raw sockets: each is due at its time, whether or not earlier ones were
 * answered, and its latency counts from then (no coordinated omission). Due bids are sent once a
 * millisecond. Argument: the plan's file (JSON). Writes `begin` after the warm-up and `figures {…}`
 * at the end.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { AnswerReader } from '../bench/load/answer-reader.ts';
import { requestText } from '../bench/load/request-plan.ts';
import { readOpenPlan } from './open-plan.ts';

const MOST_CONNECTIONS = 256;
/** Bids that found no free connection; more than these and the rate is out of reach. */
const MOST_WAITING = 20_000;
const ANSWER_LIMIT_MS = 10_000;

const [file = ''] = process.argv.slice(2);
const plan = readOpenPlan(readFileSync(file, 'utf8'));
const latencyUs = createHistogram();
const counted = { answered: 0, refused: 0, broken: 0 };
/** Bids that were due and have no answer yet. */
const open = { bids: 0 };

interface Due {
  readonly n: number;
  readonly at: number;
  readonly counts: boolean;
}

/** One gateway, with the connections to it. */
class Origin {
  readonly #url: URL;
  readonly #idle: ((due: Due) => void)[] = [];
  readonly #waiting: Due[] = [];
  #connections = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  take(due: Due): void {
    open.bids += 1;
    const send = this.#idle.pop();
    if (send !== undefined) {
      send(due);
      return;
    }
    this.#waiting.push(due);
    if (this.#connections < MOST_CONNECTIONS) this.#connect();
    else if (this.#waiting.length > MOST_WAITING) throw new Error('the rate is out of reach');
  }

  #connect(): void {
    this.#connections += 1;
    const { hostname, port } = this.#url;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const reader = new AnswerReader();
    let current: Due | undefined;
    const send = (due: Due): void => {
      current = due;
      socket.write(requestText(plan, due.n, this.#url.host));
    };
    const next = (): void => {
      const due = this.#waiting.shift();
      if (due === undefined) this.#idle.push(send);
      else send(due);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => {
      if (current !== undefined) socket.destroy(new Error('no answer in time'));
    });
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      for (const status of reader.push(chunk)) {
        if (current !== undefined) note(current, status);
        current = undefined;
        next();
      }
    });
    socket.on('error', () => {
      counted.broken += 1;
    });
  }
}

function note({ at, counts }: Due, status: number): void {
  open.bids -= 1;
  if (status !== 201 && status !== 409) counted.broken += 1;
  if (!counts) return;
  counted.answered += 1;
  if (status === 409) counted.refused += 1;
  latencyUs.record(Math.max(1, Math.round((performance.now() - at) * 1000)));
}

const origins = plan.origins.map((url) => new Origin(url));
const startedAt = performance.now();
const measuredFrom = startedAt + plan.warmUpSeconds * 1000;
const until = measuredFrom + plan.seconds * 1000;
let begun = false;
for (let n = 0; ;) {
  const now = performance.now();
  if (!begun && now >= measuredFrom) {
    begun = true;
    console.log('begin');
  }
  let at = startedAt + (n * 1000) / plan.bidsPerSecond;
  for (; at <= now && at < until; at = startedAt + (n * 1000) / plan.bidsPerSecond) {
    // The next round of an auction comes through the next gateway.
    const origin = origins[(n + Math.floor(n / plan.paths.length)) % origins.length];
    origin?.take({ n, at, counts: at >= measuredFrom });
    n += 1;
  }
  if (at >= until) break;
  await pause(1);
}
const giveUpAt = performance.now() + ANSWER_LIMIT_MS;
while (open.bids > 0 && performance.now() < giveUpAt) await pause(1);
const figures = {
  ...counted,
  broken: counted.broken + open.bids,
  seconds: (performance.now() - measuredFrom) / 1000,
  p50Ms: latencyUs.percentile(50) / 1000,
  p99Ms: latencyUs.percentile(99) / 1000,
};
console.log(`figures ${JSON.stringify(figures)}`);
process.exit(0);
