/**
 * What each attack costs honest viewers: in turns nobody else, an attack from a process and an
 * address of its own, and the same attack on a bare server beside, because attackers share the
 * machine with what is measured.
 */
import { ATTACKS } from '@outcry/broadcast-service/testing/attack-kinds.ts';
import { Attack, startBareTarget } from '@outcry/broadcast-service/testing/attack.ts';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import type { TestBed } from '../../system/test-bed.ts';
import type { Measurement, RoundOptions } from '../measurement.ts';
import { auctionsOn, broadcasterOn, steadyBids } from './fan-out-stage.ts';

const AUCTION = 'a1-attacked';
const VIEWERS = 500;
/** Honest ones have one address, from which the broadcaster lets in so many. */
const MOST_VIEWERS = 1_000;
const ATTACKS_PER_SECOND = 100;
const WARM_UP_SECONDS = 3;

const stageOn = (bed: TestBed, { viewers = VIEWERS, signal }: RoundOptions) =>
  bed.shared('attacks', async () => {
    const bare = await startBareTarget();
    bed.onClose(() => bare.end());
    // As shipped also in how many connections one address may make.
    const env = { MAX_VIEWERS_PER_ADDRESS: `${MOST_VIEWERS}` };
    const node = await broadcasterOn(bed, 'attacked', 'as-shipped', env);
    await (await auctionsOn(bed)).create(AUCTION);
    const crowd = await ViewerCrowd.gather([node.server.port], AUCTION, viewers);
    bed.onClose(() => crowd.leave());
    await steadyBids(bed, [node], crowd, { seconds: WARM_UP_SECONDS, signal });
    return {
      measure: (options: RoundOptions) => steadyBids(bed, [node], crowd, options),
      targets: { broadcaster: node.server.url, bare: bare.url },
    };
  });

const common = { counts: 'messages to honest viewers', warmsUp: false } as const;

const alone: Measurement = {
  ...common,
  name: 'unattacked',
  title: `${VIEWERS} honest viewers, 50 bids/s; from a bid's answer to a viewer`,
  prepare: async (bed, options) => (await stageOn(bed, options)).measure,
};

const underAttack = (
  kind: string,
  target: 'broadcaster' | 'bare',
  about: Pick<Measurement, 'name' | 'comparedTo' | 'shouldBe'>,
): Measurement => ({
  ...common,
  ...about,
  title: `${ATTACKS_PER_SECOND} ${kind} per second ${target === 'bare' ? 'on a bare server beside' : 'from one address'}`,
  async prepare(bed, options) {
    const { measure, targets } = await stageOn(bed, options);
    return async (round) => {
      const kinds = kind === 'all-attacks' ? [] : [kind];
      const attack = await Attack.begin(targets[target], AUCTION, ATTACKS_PER_SECOND, kinds);
      try {
        const began = performance.now();
        const found = await measure(round);
        const { tried, begun, cpuMs } = await attack.report();
        const attackers = {
          'attackers tried': tried,
          'attackers let in': begun,
          "attackers' CPU, %": (100 * cpuMs) / (performance.now() - began),
        };
        return { ...found, figures: { ...found.figures, ...attackers } };
      } finally {
        await attack.end();
      }
    };
  },
});

export const attackMeasurements: readonly Measurement[] = [
  alone,
  ...[...ATTACKS, 'all-attacks'].flatMap((kind) => {
    const beside = `beside-${kind}`;
    const shouldBe = { 'p99 ms': 'at most 1.3' };
    return [
      underAttack(kind, 'bare', { name: beside, comparedTo: alone.name }),
      underAttack(kind, 'broadcaster', { name: kind, comparedTo: beside, shouldBe }),
    ];
  }),
];
