/**
 * What each attack costs honest viewers: in turns nobody else, an attack from a process and an
 * address of its own, and the same attack on a bare server beside, because attackers share the
 * machine with what is measured.
 */
import { ATTACKS } from '@outcry/broadcast-service/testing/attack-kinds.ts';
import { Attack, startBareTarget } from '@outcry/broadcast-service/testing/attack.ts';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import { openWindow } from '../../system/process-use.ts';
import type { TestBed } from '../../system/test-bed.ts';
import { auctionsOn, broadcasterOn } from '../fan-out/fan-out-stage.ts';
import type { Measurement, RoundFigures, RoundOptions } from '../measurement.ts';

const AUCTION = 'a1-attacked';
const VIEWERS = 500;
/** Honest ones have one address, from which the broadcaster lets in so many. */
const MOST_VIEWERS = 1_000;
const BIDS_PER_SECOND = 50;
const ATTACKS_PER_SECOND = 100;
const WARM_UP_SECONDS = 3;

const stageOn = (bed: TestBed, { viewers = VIEWERS, signal }: RoundOptions) =>
  bed.shared('attacks', async () => {
    const bare = await startBareTarget();
    bed.onClose(() => bare.end());
    // As shipped also in how many connections one address may make.
    const env = { MAX_VIEWERS_PER_ADDRESS: `${MOST_VIEWERS}` };
    const node = await broadcasterOn(bed, 'attacked', 'as-shipped', env);
    const auctions = await auctionsOn(bed);
    await auctions.create(AUCTION);
    const crowd = await ViewerCrowd.gather([node.server.port], AUCTION, viewers);
    bed.onClose(() => crowd.leave());
    await crowd.bidSteadily(auctions, BIDS_PER_SECOND, WARM_UP_SECONDS, signal);
    const measure = async (options: RoundOptions): Promise<RoundFigures> => {
      await node.held();
      crowd.startOver();
      const framesBefore = crowd.frames;
      const close = openWindow({ broadcaster: [node.server.pid()] });
      await crowd.bidSteadily(auctions, BIDS_PER_SECOND, options.seconds, options.signal);
      await crowd.haveLast();
      const { cores, seconds } = close();
      return {
        perSecond: (crowd.frames - framesBefore) / seconds,
        cores,
        figures: {
          'p50 ms': crowd.delay(0.5),
          'p99 ms': crowd.delay(0.99),
          'event loop held, longest ms': (await node.held()).maxMs,
        },
      };
    };
    return { measure, targets: { broadcaster: node.server.url, bare: bare.url } };
  });

const common = { counts: 'messages to honest viewers', warmsUp: false } as const;

const alone: Measurement = {
  ...common,
  name: 'unattacked',
  title: `${VIEWERS} honest viewers, ${BIDS_PER_SECOND} bids/s; from a bid's answer to a viewer`,
  prepare: async (bed, options) => (await stageOn(bed, options)).measure,
};

const underAttack = (kind: string, target: 'broadcaster' | 'bare'): Measurement => ({
  ...common,
  name: target === 'bare' ? `beside-${kind}` : kind,
  title:
    target === 'bare'
      ? `${ATTACKS_PER_SECOND} ${kind} per second on a bare server beside`
      : `${ATTACKS_PER_SECOND} ${kind} per second from one address`,
  comparedTo: target === 'bare' ? alone.name : `beside-${kind}`,
  ...(target === 'broadcaster' && { shouldBe: { 'p99 ms': 'at most 1.3' } }),
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
  ...[...ATTACKS, 'all-attacks'].flatMap((kind) => [
    underAttack(kind, 'bare'),
    underAttack(kind, 'broadcaster'),
  ]),
];
