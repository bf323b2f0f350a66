/** What the gateway sends can be repeated word for word, and nothing of it is refused. */
import { expect, onTestFinished, test } from 'vitest';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { temporaryFolder } from '@outcry/local/testing/temporary-folder.ts';
import { callerProcess } from './caller-process.ts';
import type { PartOptions } from './part-options.ts';
import { PublishStage } from './publish-stage.ts';
import { captureCall, openScriptCaller } from './script-calls.ts';
import { ScriptStage } from './script-stage.ts';

const PUBLISHER = new URL('./publish-caller-process.ts', import.meta.url);
const redisBenchmark = await findProgram(['redis-benchmark']);
if (redisBenchmark === undefined) console.warn('script calls are NOT tested: no redis-benchmark');

const { signal } = new AbortController();
const load = { connections: 4, seconds: 1, signal };

const stopInTheEnd = (server: LocalServer): void => onTestFinished(() => server.stop());

const part = async (): Promise<PartOptions> => ({
  folder: await temporaryFolder(),
  started: stopInTheEnd,
  say: () => undefined,
});

test.skipIf(redisBenchmark === undefined)(
  'every bid of a repeated script call is accepted, as are those of the gateway itself',
  async () => {
    const stage = await ScriptStage.open(await part());
    onTestFinished(() => stage.close());
    await stage.openAuction();
    const before = await stage.events();

    const repeat = stage.repeating(await captureCall(stage.redis.url, 3));
    expect(await stage.events()).toBe(before + 3);
    const { answered } = await repeat(load);
    expect(answered).toBeGreaterThan(0);
    expect(await stage.events()).toBe(before + 3 * (1 + answered));

    const caller = await openScriptCaller(stage.redis.url, 3);
    onTestFinished(() => caller.close());
    expect(await caller.call()).toBe(3);
    expect(await stage.events()).toBe(before + 3 * (2 + answered));
  },
);

test.each(['bare', 'ours'])('every message of the %s publisher is in the stream', async (who) => {
  const stage = await PublishStage.open(await part());
  onTestFinished(() => stage.close());
  const { answered } = await callerProcess(PUBLISHER, [stage.nats.url, who, '2'], load);
  expect(answered).toBeGreaterThan(0);
  expect(await stage.stored()).toBe(answered);
});
