import { afterEach, expect, test } from 'vitest';
import { ExportingTracer } from './exporting-tracer.ts';
import { createLogger } from './logger.ts';
import { traceIdOf } from './tracing.ts';

/** Nothing is exported here: no span is ended. */
const tracerOf = (ratio: number): ExportingTracer => {
  const options = { endpoint: 'http://127.0.0.1:1', service: 'test', ratio };
  open = new ExportingTracer(options, createLogger('test', 'silent'));
  return open;
};
let open: ExportingTracer | undefined;
afterEach(() => open?.close());

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentOf = (flags: string): string => `00-${TRACE}-00f067aa0ba902b7-${flags}`;

test.each([
  ['nothing of its own', 0, undefined, false],
  ['everything', 1, undefined, true],
  ["a sampled caller's, whatever the ratio", 0, parentOf('01'), true],
  ['with other flags too', 0, parentOf('03'), true],
  ["not a caller's that is not sampled", 1, parentOf('00'), false],
  ['as without a caller where what it says cannot be read', 0, 'gibberish', false],
  ['likewise', 1, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, true],
])('traces %s', (_, ratio, parent, isSampled) => {
  const span = tracerOf(ratio).begin('work', { kind: 'server', parent });
  expect(span !== undefined).toBe(isSampled);
  if (isSampled) expect(span?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test('a span belongs to the trace of its parent, and is one of its own', () => {
  const span = tracerOf(0).begin('work', { kind: 'client', parent: parentOf('01') });
  expect(traceIdOf(span?.traceparent)).toBe(TRACE);
  expect(span?.traceparent).not.toBe(parentOf('01'));
});

test('the ratio is the share of traces', () => {
  const tracer = tracerOf(0.25);
  const begun = Array.from({ length: 4_000 }, () => tracer.begin('work', { kind: 'server' }));
  const share = begun.filter((span) => span !== undefined).length / begun.length;
  // Six standard deviations: one run in 500 million fails by chance.
  expect(Math.abs(share - 0.25)).toBeLessThan(0.042);
});
