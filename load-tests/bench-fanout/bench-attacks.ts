/**
 * What each attack costs honest viewers, one at a time: `npm run bench:attacks`. In turns: nobody
 * else, an attack from a process and an address of its own, and the same attack on a bare server
 * beside, because attackers share the machine with what is measured. Starts all it needs, leaves
 * nothing running.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ATTACKS } from '@outcry/broadcast-service/testing/attack-kinds.ts';
import {
  Attack,
  startBareTarget,
  type BareTarget,
} from '@outcry/broadcast-service/testing/attack.ts';
import { describeMachine } from '../bench/machine.ts';
import { cpuSeconds } from '../bench/process-cpu.ts';
import { machineText } from '../bench/report.ts';
import { slowestFunctions } from '../bench/slowest-functions.ts';
import { chosenNames, readArguments, runProgram, wholeNumber } from '../command-line.ts';
import { BidDelays } from './bid-delays.ts';
import { Crowd } from './crowd.ts';
import { FanOutStage } from './fan-out-stage.ts';

const AUCTION = 'a1-attacked';
/** Honest ones have one address, from which the broadcaster lets in so many. */
const MOST_VIEWERS = 1_000;
const BIDS_PER_SECOND = 50;
const WARM_UP_SECONDS = 3;
const KINDS = [...ATTACKS, 'all'];
const USAGE = `npm run bench:attacks -- [attack …] [options]

  --viewers 500       honest ones
  --seconds 2         how long each is measured
  --per-second 100    attacks begun
  --profile <folder>  where the broadcaster writes a CPU profile

Attacks: ${KINDS.join(', ')}`;

await runProgram(USAGE, async (args, signal) => {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      viewers: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '2' },
      'per-second': { type: 'string', default: '100' },
      profile: { type: 'string' },
    },
  });
  const kindsAsked = chosenNames('attack', positionals, KINDS);
  const viewers = wholeNumber('viewers', values.viewers, 1, MOST_VIEWERS);
  const seconds = wholeNumber('seconds', values.seconds, 1, 600);
  const perSecond = wholeNumber('per-second', values['per-second'], 1, 10_000);
  const profiles = values.profile === undefined ? undefined : resolve(values.profile);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  const stage = await FanOutStage.open(profiles);
  let bare: BareTarget | undefined;
  try {
    bare = await startBareTarget();
    // As shipped also in how many connections one address may make.
    const node = await stage.broadcaster('as-shipped', {
      MAX_VIEWERS_PER_ADDRESS: `${MOST_VIEWERS}`,
    });
    await stage.auctions.create(AUCTION);
    const delays = new BidDelays(stage.auctions, AUCTION, viewers);
    const crowd = await Crowd.gather([node.port], AUCTION, viewers, (viewer, seq) =>
      delays.arrived(viewer, seq),
    );
    const measure = async (): Promise<string> => {
      await node.held();
      delays.startOver();
      const cpuBefore = cpuSeconds(node.pid()) ?? Number.NaN;
      const begin = performance.now();
      await delays.bid(BIDS_PER_SECOND, seconds, signal);
      await delays.allHaveAll();
      const took = (performance.now() - begin) / 1_000;
      const cpu = ((cpuSeconds(node.pid()) ?? Number.NaN) - cpuBefore) / took;
      const { maxMs = Number.NaN } = (await node.held()) ?? {};
      const cells = [delays.percentile(0.5), delays.percentile(0.99), maxMs, cpu * 100];
      return cells.map((cell) => cell.toFixed(0).padStart(5)).join('');
    };
    const underAttack = async (url: string, kind: string): Promise<string> => {
      const kinds = kind === 'all' ? [] : [kind];
      const attack = await Attack.begin(url, AUCTION, perSecond, kinds);
      try {
        const began = performance.now();
        const figures = await measure();
        const { tried, begun, cpuMs } = await attack.report();
        const share = (100 * cpuMs) / (performance.now() - began);
        return `${figures}${`${begun}/${tried}`.padStart(11)}${share.toFixed(0).padStart(4)} %`;
      } finally {
        await attack.end();
      }
    };
    console.log(machineText(describeMachine(stage.folder, {})));
    console.log(`
${viewers} honest viewers, ${BIDS_PER_SECOND} bids/s, ${perSecond} attacks/s from one address, ${seconds} s each
Each: from a bid's answer to a viewer p50 and p99, longest hold of the event loop, ms; CPU of the broadcaster, %;
of attackers: let in of tried, CPU

attack                         alone                   attacked                        bare server attacked`);
    await delays.bid(BIDS_PER_SECOND, WARM_UP_SECONDS, signal);
    for (const kind of kindsAsked) {
      const alone = await measure();
      const attacked = await underAttack(`http://127.0.0.1:${node.port}`, kind);
      const beside = await underAttack(bare.url, kind);
      console.log(`${kind.padEnd(24)}${alone}${attacked}${beside}`);
    }
    crowd.leave();
  } finally {
    await bare?.end();
    await stage.close();
  }
  if (profiles !== undefined) console.log(await slowestFunctions(profiles));
  return true;
});
