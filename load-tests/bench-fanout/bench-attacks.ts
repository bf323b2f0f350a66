/**
 * What each attack costs honest viewers, one at a time: `npm run bench:attacks`. In turns: nobody
 * else, an attack from a process and an address of its own, and a process that only uses as much CPU
 * time as the attackers did, because they share the machine with what is measured. Starts all it
 * needs, leaves nothing running.
 */
import { ATTACKS } from '@outcry/broadcast-service/testing/attack-kinds.ts';
import { Attack, burnCpu } from '@outcry/broadcast-service/testing/attack.ts';
import { describeMachine } from '../bench/machine.ts';
import { cpuSeconds } from '../bench/process-cpu.ts';
import { machineText } from '../bench/report.ts';
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

Attacks: ${KINDS.join(', ')}`;

await runProgram(USAGE, async (args, signal) => {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      viewers: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '2' },
      'per-second': { type: 'string', default: '100' },
    },
  });
  const kindsAsked = chosenNames('attack', positionals, KINDS);
  const viewers = wholeNumber('viewers', values.viewers, 1, MOST_VIEWERS);
  const seconds = wholeNumber('seconds', values.seconds, 1, 600);
  const perSecond = wholeNumber('per-second', values['per-second'], 1, 10_000);
  const stage = await FanOutStage.open();
  try {
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
    console.log(machineText(describeMachine(stage.folder, {})));
    console.log(`
${viewers} honest viewers, ${BIDS_PER_SECOND} bids/s, ${perSecond} attacks/s from one address, ${seconds} s each
Each: from a bid's answer to a viewer p50 and p99, longest hold of the event loop, ms; CPU of the broadcaster, %

attack                   attackers: CPU  let in        alone             attacked          CPU only`);
    await delays.bid(BIDS_PER_SECOND, WARM_UP_SECONDS, signal);
    for (const kind of kindsAsked) {
      const alone = await measure();
      const began = performance.now();
      const kinds = kind === 'all' ? [] : [kind];
      const attack = await Attack.begin(`http://127.0.0.1:${node.port}`, AUCTION, perSecond, kinds);
      const attacked = await measure();
      const { tried, begun, cpuMs } = await attack.report();
      await attack.end();
      const share = Math.min(1, cpuMs / (performance.now() - began));
      const endBurning = await burnCpu(share);
      const burnt = await measure();
      await endBurning();
      const letIn = `${begun}/${tried}`;
      console.log(
        `${kind.padEnd(25)}${(share * 100).toFixed(0).padStart(12)} %${letIn.padStart(10)}${alone}${attacked}${burnt}`,
      );
    }
    crowd.leave();
  } finally {
    await stage.close();
  }
  return true;
});
