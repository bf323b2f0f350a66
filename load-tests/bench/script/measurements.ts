/** The decide script: the gateway's adapter against the same calls from `redis-benchmark`. */
import { figuresOf, roundOf } from '../generators/rounds.ts';
import { runTypescript, type LoadResult } from '../generators/run-generator.ts';
import type { Measurement, RoundOptions } from '../measurement.ts';
import { captureCall } from './script-calls.ts';
import { scriptRedisOn, type ScriptRedis } from './script-redis.ts';

const CALLER = new URL('./script-caller-process.ts', import.meta.url);
const BATCH = 32;

/** The least that a durable write can cost: every answer waits for its fsync. */
const set: Measurement = {
  name: 'set',
  title: 'redis-benchmark, SET',
  counts: 'writes',
  async prepare(bed) {
    const script = await scriptRedisOn(bed);
    const load = script.repeating(['SET', 'bench', 'value']);
    return async (options) => {
      const round = await roundOf({ redis: [script.server.pid()] }, () => load(options));
      return figuresOf(round, round.result.answered);
    };
  },
};

/** Makes the calls of a round and counts their bids. */
type Caller = (options: RoundOptions) => Promise<LoadResult>;

/** Every round has an auction of its own, whose events are counted when it is over. */
const acceptedInScript = (
  about: Pick<Measurement, 'name' | 'title' | 'comparedTo'>,
  batch: number,
  callerOf: (script: ScriptRedis) => Promise<Caller>,
): Measurement => ({
  ...about,
  counts: 'accepted bids',
  async prepare(bed) {
    const script = await scriptRedisOn(bed);
    await script.openAuction();
    const call = await callerOf(script);
    return async (options) => {
      await script.openAuction();
      const before = await script.events();
      const round = await roundOf({ redis: [script.server.pid()] }, () => call(options));
      const accepted = (await script.events()) - before;
      const { answered } = round.result;
      if (accepted === answered) return figuresOf(round, accepted, { 'bids a call': batch });
      throw new Error(`${answered} bids were sent, ${accepted} are events`);
    };
  },
});

const bareScript = (name: string, batch: number): Measurement => {
  const title = `redis-benchmark, the decide script with ${batch} a call`;
  return acceptedInScript({ name, title, comparedTo: 'set' }, batch, async (script) => {
    const repeat = script.repeating(await captureCall(script.server.url, batch));
    return async (options) => {
      const result = await repeat(options);
      return { ...result, answered: result.answered * batch };
    };
  });
};

const ownScript = (name: string, batch: number, comparedTo: string): Measurement => {
  const title = `the gateway's adapter, the decide script with ${batch} a call`;
  return acceptedInScript({ name, title, comparedTo }, batch, async ({ server }) => {
    return (options) => runTypescript(CALLER, [server.url, `${batch}`], options);
  });
};

export const scriptMeasurements: readonly Measurement[] = [
  set,
  bareScript('bare-script', BATCH),
  bareScript('bare-script-single', 1),
  ownScript('script', BATCH, 'bare-script'),
  ownScript('script-single', 1, 'bare-script-single'),
];
