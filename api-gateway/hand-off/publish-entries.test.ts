import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import type { EventStream } from './event-stream.ts';
import { PublishEntries, type PublishedMark } from './publish-entries.ts';

const log = createLogger('test', 'silent');

/** A stream that is open and never answers, as a server that hangs. */
class SilentStream implements EventStream {
  readonly open = true;
  offered = 0;

  publish(): void {
    this.offered += 1;
  }

  publishAgain(): void {
    this.publish();
  }
}

const noMark: PublishedMark = { confirm: () => Promise.resolve() };

const entry = (seq: number, text: string): LogEntry => ({
  auctionId: 'a1-x',
  epoch: 1,
  firstSeq: seq,
  lastSeq: seq,
  size: text.length,
  lines: () => text,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('entries are published together, in their order, and reported together', async () => {
  const published: LogEntry[] = [];
  const confirmed: (readonly LogEntry[])[] = [];
  const stream: EventStream = {
    open: true,
    publish: (each, done) => {
      published.push(each);
      done(each, undefined);
    },
    publishAgain: () => {
      throw new Error('not asked for');
    },
  };
  const publisher = new PublishEntries(
    stream,
    { confirm: async (entries) => void confirmed.push(entries) },
    log,
  );
  const entries = [entry(1, 'x'), { ...entry(1, 'y'), auctionId: 'a0-y' }, entry(2, 'z')];
  for (const each of entries) publisher.offer(each);
  expect(published).toEqual([]);
  await vi.advanceTimersByTimeAsync(5);
  expect(published).toEqual(entries);
  expect(publisher.inFlight).toBe(0);
  await vi.advanceTimersByTimeAsync(100);
  expect(confirmed).toEqual([entries]);
});

test('what is on its way to a server that does not answer is bounded in number', () => {
  const stream = new SilentStream();
  const publisher = new PublishEntries(stream, noMark, log);
  for (let seq = 1; seq <= 3_000; seq += 1) publisher.offer(entry(seq, 'x'));
  vi.runAllTimers();
  expect(publisher.inFlight).toBe(1_024);
  expect(stream.offered).toBe(1_024);
  expect(publisher.leftToKeeper).toBe(3_000 - 1_024);
});

test('and in size', () => {
  const stream = new SilentStream();
  const publisher = new PublishEntries(stream, noMark, log);
  const text = 'x'.repeat(1024 * 1024);
  for (let seq = 1; seq <= 100; seq += 1) publisher.offer(entry(seq, text));
  expect(publisher.inFlight).toBe(16);
  expect(publisher.leftToKeeper).toBe(84);
});
