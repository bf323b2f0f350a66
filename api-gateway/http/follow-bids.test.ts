import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import type { SpanStart, Tracer } from '@outcry/shared/runtime/tracing.ts';
import { openExchange, type Exchange } from '@outcry/shared/http/exchange.ts';
import { followBids } from './follow-bids.ts';

const GIVEN = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const MADE = '00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01';

function exchange(): Exchange {
  const incoming = new IncomingMessage(new Socket());
  incoming.headers['traceparent'] = GIVEN;
  return openExchange(incoming, new ServerResponse(incoming), []);
}

/** Samples everything, and keeps what it was asked for. */
function recordingTracer(): { tracer: Tracer; begun: SpanStart[]; ended: unknown[] } {
  const [begun, ended]: [SpanStart[], unknown[]] = [[], []];
  const tracer: Tracer = {
    begin: (_, start) => {
      begun.push(start);
      return { traceparent: MADE, end: (...how) => ended.push(how) };
    },
  };
  return { tracer, begun, ended };
}

test('without traces and debug lines nothing is followed', () => {
  expect(followBids(undefined, createLogger('test', 'info'))).toBeUndefined();
  expect(followBids(undefined, createLogger('test', 'debug'))).toBeDefined();
});

test("a caller's traceparent is not read: nobody can ask for a trace", () => {
  const { tracer, begun } = recordingTracer();
  followBids(tracer, createLogger('test', 'silent'))?.(exchange(), 'a0-one', 'bids');
  expect(begun.map(({ parent }) => parent)).toEqual([undefined]);
});

test('the span is handed on, and ends with what became of the bid', () => {
  const { tracer, ended } = recordingTracer();
  const x = exchange();
  const end = followBids(tracer, createLogger('test', 'silent'))?.(x, 'a0-one', 'bids');
  expect(x.trace).toBe(MADE);
  end?.({ status: 503, body: '{"code":"UNAVAILABLE","detail":"secret"}' });
  expect(ended).toEqual([
    [{ 'http.response.status_code': 503, 'outcry.result': 'UNAVAILABLE' }, 'UNAVAILABLE'],
  ]);
});
