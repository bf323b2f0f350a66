import { callerProcess } from '../caller-process.ts';
import { figuresOf, roundOf } from '../load-round.ts';
import type { LoadResult } from '../load/request-plan.ts';
import type { Measurement, RoundOptions } from '../measurement.ts';
import { captureCall } from '../script-calls.ts';
import type { ScriptStage } from '../script-stage.ts';

const CALLER = new URL('../script-caller-process.ts', import.meta.url);
const BATCH = 32;

/** The least that a durable write can cost: every answer waits for its fsync. */
export const bareSet: Measurement = {
  name: 'set',
  title: 'redis-benchmark, SET',
  unit: 'writes',
  otherUnit: 'other answers',
  async prepare(stage) {
    const script = await stage.script();
    const load = script.repeating(['SET', 'bench', 'value']);
    return async (options) => {
      const round = await roundOf({ redis: script.redis }, () => load(options));
      return figuresOf(round, round.result.answered);
    };
  },
};

const bareScript = (name: string, batch: number): Measurement =>
  acceptedInScript({
    name,
    title: `redis-benchmark, the decide script with ${batch} a call`,
    comparedTo: 'set',
    batch,
    async load(script) {
      await script.openAuction();
      const repeat = script.repeating(await captureCall(script.redis.url, batch));
      return async (options) => {
        const result = await repeat(options);
        return { ...result, answered: result.answered * batch };
      };
    },
  });

const ownScript = (name: string, batch: number, comparedTo: string): Measurement =>
  acceptedInScript({
    name,
    title: `the gateway's adapter, the decide script with ${batch} a call`,
    comparedTo,
    batch,
    load: (script) =>
      Promise.resolve((options) => callerProcess(CALLER, [script.redis.url, `${batch}`], options)),
  });

export const scriptMeasurements: readonly Measurement[] = [
  bareScript('bare-script', BATCH),
  bareScript('bare-script-single', 1),
  ownScript('script', BATCH, 'bare-script'),
  ownScript('script-single', 1, 'bare-script-single'),
];

interface AcceptedInScript {
  readonly name: string;
  readonly title: string;
  readonly comparedTo: string;
  readonly batch: number;
  /** @returns what makes the calls of a round and counts their bids */
  readonly load: (script: ScriptStage) => Promise<(options: RoundOptions) => Promise<LoadResult>>;
}

/** Every round has an auction of its own, whose events are counted when it is over. */
function acceptedInScript({ load, batch, ...about }: AcceptedInScript): Measurement {
  return {
    ...about,
    unit: 'accepted bids',
    otherUnit: 'refused bids',
    async prepare(stage) {
      const script = await stage.script();
      const run = await load(script);
      return async (options) => {
        await script.openAuction();
        const before = await script.events();
        const round = await roundOf({ redis: script.redis }, () => run(options));
        const accepted = (await script.events()) - before;
        const { answered } = round.result;
        if (accepted !== answered) {
          throw new Error(`${answered} bids were sent, ${accepted} are events`);
        }
        return figuresOf(round, accepted, { calls: answered / batch, commands: answered });
      };
    },
  };
}
