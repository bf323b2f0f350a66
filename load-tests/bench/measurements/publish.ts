import { callerProcess } from '../caller-process.ts';
import { figuresOf, roundOf } from '../load-round.ts';
import type { Measurement } from '../measurement.ts';

const CALLER = new URL('../publish-caller-process.ts', import.meta.url);
/** Events in a message, as on a hot auction. */
const BATCH = 32;

/** Messages that JetStream has acknowledged; all of them are in the stream afterwards. */
function published(
  name: string,
  about: { who: 'bare' | 'ours'; events: number; title: string; comparedTo?: string },
): Measurement {
  const { who, events, title, comparedTo } = about;
  return {
    name,
    title: `${title}, ${events === 1 ? 'one event' : `${events} events`} a message`,
    unit: 'messages',
    otherUnit: 'refused messages',
    ...(comparedTo === undefined ? {} : { comparedTo }),
    async prepare(stage) {
      const stream = await stage.publish();
      const { nats } = stream;
      return async (options) => {
        await stream.empty();
        const round = await roundOf({ nats }, () =>
          callerProcess(CALLER, [nats.url, who, `${events}`], options),
        );
        const { answered } = round.result;
        const stored = await stream.stored();
        if (stored !== answered) {
          throw new Error(`${answered} messages were acknowledged, ${stored} are in the stream`);
        }
        return figuresOf(round, answered);
      };
    },
  };
}

export const publishMeasurements: readonly Measurement[] = [
  published('bare-publish', { who: 'bare', events: BATCH, title: 'a bare JetStream publisher' }),
  published('bare-publish-single', { who: 'bare', events: 1, title: 'a bare JetStream publisher' }),
  published('publish', {
    who: 'ours',
    events: BATCH,
    title: "the gateway's JetStream publisher",
    comparedTo: 'bare-publish',
  }),
  published('publish-single', {
    who: 'ours',
    events: 1,
    title: "the gateway's JetStream publisher",
    comparedTo: 'bare-publish-single',
  }),
];
