/** What the gateway sends can be repeated word for word, and nothing of it is refused. */
import { expect, onTestFinished, test } from 'vitest';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { openBed, type TestBed } from '../system/system.ts';
import { keepCalling } from './generators.ts';
import { publisherOn, publisherStream } from './publish.ts';
import { scriptRedisOn } from './script.ts';

const redisBenchmark = await findProgram(['redis-benchmark']);
if (redisBenchmark === undefined) console.warn('script calls are NOT tested: no redis-benchmark');
const { signal } = new AbortController();
const load = { connections: 4, seconds: 1, signal };

async function callersBed(): Promise<TestBed> {
  const bed = await openBed('callers');
  onTestFinished(() => bed.close());
  return bed;
}

test.skipIf(redisBenchmark === undefined)(
  'every bid of a repeated script call is accepted, as are those of the gateway itself',
  async () => {
    const script = await scriptRedisOn(await callersBed());
    await script.openAuction();
    const before = await script.events();
    const repeat = script.repeating(await script.captureCall(3));
    expect(await script.events()).toBe(before + 3);
    const { answered } = await repeat(load);
    expect(answered).toBeGreaterThan(0);
    expect(await script.events()).toBe(before + 3 * (1 + answered));
    const call = await script.calling(3);
    expect(await call()).toBe(3);
    expect(await script.events()).toBe(before + 3 * (2 + answered));
  },
);

test.each(['bare', 'ours'] as const)(
  'every message of the %s publisher is in the stream',
  async (who) => {
    const bed = await callersBed();
    const { stored } = await publisherStream(bed);
    const { answered } = await keepCalling(await publisherOn(bed, who, 2), load);
    expect(answered).toBeGreaterThan(0);
    expect(await stored()).toBe(answered);
  },
);
