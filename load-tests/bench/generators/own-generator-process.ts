/**
 * The load generator for machines without wrk, as a process of its own: raw sockets, one request
 * at a time on each. Arguments: the plan's file (JSON), first request, requests per second (empty: as
 * many as are answered), connections, seconds.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { AnswerReader } from './answer-reader.ts';
import { readPlan, requestText } from './request-plan.ts';
import { record, writeFigures } from './run-generator.ts';

const ANSWER_LIMIT_MS = 5_000;

const [file = '', firstRequest = '', perSecond = '', connections = '', seconds = ''] =
  process.argv.slice(2);
const plan = readPlan(readFileSync(file, 'utf8'));
const { host, hostname, port } = new URL(plan.origin);

const latencyUs = createHistogram();
const startedAt = performance.now();
const endAt = startedAt + Number(seconds) * 1000;
let next = Number(firstRequest);
let started = 0;
let answered = 0;
let refused = 0;
let broken = 0;

/** Milliseconds until the next request may be sent: requests are spread evenly. */
function untilTurn(): number {
  if (perSecond === '') return 0;
  const turn = startedAt + (started * 1000) / Number(perSecond);
  started += 1;
  return turn - performance.now();
}

/** Keeps one connection busy until the time is over. */
function keepBusy(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const reader = new AnswerReader();
    let sentAt = 0;
    const sendInTurn = (): void => {
      const waitMs = untilTurn();
      if (waitMs < 1) send();
      else setTimeout(send, waitMs);
    };
    const send = (): void => {
      if (performance.now() >= endAt) {
        socket.end();
        return;
      }
      sentAt = performance.now();
      socket.write(requestText(plan, next, host));
      next += 1;
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('connect', sendInTurn);
    socket.on('data', (chunk) => {
      for (const status of reader.push(chunk)) {
        record(latencyUs, sentAt);
        answered += 1;
        if (status >= 400) refused += 1;
        sendInTurn();
      }
    });
    socket.on('error', () => {
      broken += 1;
    });
    socket.on('close', () => resolve());
  });
}

await Promise.all(Array.from({ length: Number(connections) }, keepBusy));
writeFigures({ answered, refused, broken }, latencyUs, startedAt);
