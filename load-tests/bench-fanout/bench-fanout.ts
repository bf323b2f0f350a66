/**
 * How fast viewers hear of bids: `npm run bench:fanout`. Starts all it needs, leaves nothing
 * running. Prints the figures and what they should be.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { describeMachine } from '../bench/machine.ts';
import { machineText } from '../bench/report.ts';
import { slowestFunctions } from '../bench/slowest-functions.ts';
import { chosenNames, readArguments, runProgram, wholeNumber } from '../command-line.ts';
import { againstBare, middle, type AgainstBare } from './against-bare.ts';
import { FanOutStage } from './fan-out-stage.ts';
import { inSilence } from './in-silence.ts';
import { underLoad, type Load, type UnderLoad } from './under-load.ts';

const PARTS = ['bare', 'load', 'silence'] as const;
const MOST_VIEWERS = 20_000;
const USAGE = `npm run bench:fanout -- [bare] [load] [silence] [options]

  bare                     one broadcaster against a bare WebSocket server
    --viewers 5000         of the one auction
    --rounds 12            in which the two take turns
  load                     two broadcasters as shipped under steady bids
    --load-viewers 10000
    --bids-per-second 50
    --seconds 20
  silence                  one broadcaster in an auction's last minutes, without bids, and how soon
                           viewers notice a dead connection; --load-viewers and --seconds as above
  --profile FOLDER         writes CPU profiles of the servers, names their slowest functions`;

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => value.toFixed(1);

function bareText(viewers: number, found: AgainstBare): string {
  const { bare, broadcaster, ratios, bytesPerViewer } = found;
  const row = (
    name: string,
    figure: keyof typeof bare,
    text: (value: number) => string,
    wanted = '',
  ): string => {
    const each = ratios.map((ratio) => ratio[figure]);
    const spread = `${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)}`;
    const cells = [text(bare[figure]).padStart(9), text(broadcaster[figure]).padStart(13)];
    return `  ${name.padEnd(20)}${cells.join('')}   ${middle(ratios)[figure].toFixed(2)} (${spread})${wanted}`;
  };
  return `
one auction, ${whole(viewers)} viewers, one process; chunks, rests and conflation are off
medians of ${ratios.length} rounds      bare ws  broadcaster   ratio (lowest to highest of a round)
${row('last viewer, ms', 'lastViewerMs', ms, ', at least 0.8')}
${row('deliveries/s', 'deliveriesPerSecond', whole, ', at least 0.8')}
${row('CPU a delivery, µs', 'cpuMicroseconds', (us) => us.toFixed(1))}
  bytes a viewer      ${whole(bytesPerViewer.bare).padStart(9)}${whole(bytesPerViewer.broadcaster).padStart(13)}`;
}

function loadText(title: string, found: UnderLoad): string {
  const held = found.held.map(
    ({ maxMs, maxCpuMs, p99Ms, longestGcMs }) =>
      `${maxMs.toFixed(1)} (in CPU time ${maxCpuMs.toFixed(1)}, p99 ${p99Ms.toFixed(1)}, longest garbage collection ${longestGcMs.toFixed(1)})`,
  );
  return `  ${title}
    from a bid's answer to a viewer, ms   p50 ${ms(found.p50Ms)}, p99 ${ms(found.p99Ms)} (below 150), longest ${ms(found.maxMs)}
    messages to viewers                   ${whole(found.framesPerSecond)} a second
    event loop held, ms                   ${held.join(', ')} (at most 25)`;
}

async function printLoad(
  stage: FanOutStage,
  load: Omit<Load, 'stalled'>,
  signal: AbortSignal,
): Promise<void> {
  const { viewers, bidsPerSecond, seconds } = load;
  console.log(`
one auction, ${whole(viewers)} viewers on two processes, ${bidsPerSecond} bids/s for ${seconds} s, as shipped`);
  const stalled = Math.ceil(viewers / 100);
  const without = await underLoad(stage, { ...load, stalled: 0 }, signal);
  console.log(loadText('all read', without));
  const withStalled = await underLoad(stage, { ...load, stalled }, signal);
  console.log(loadText(`${stalled} do not read`, withStalled));
  const worse = withStalled.p99Ms / without.p99Ms;
  const mebibytes = (withStalled.memoryBytes - without.memoryBytes) / 2 ** 20;
  console.log(
    `  p99 of the others ${worse.toFixed(2)} times that without them (at most 1.2), memory ${mebibytes.toFixed(0)} MiB more`,
  );
}

async function printSilence(
  stage: FanOutStage,
  viewers: number,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { cpuBefore, cpuInLastMinutes, noticedAfterMs } = await inSilence(
    stage,
    viewers,
    seconds,
    signal,
  );
  const after = (share: number): string => whole(percentile(noticedAfterMs, share));
  console.log(`
one auction without bids, ${whole(viewers)} viewers on one process, ${seconds} s each
  CPU time of the broadcaster, ms a second   ${whole(cpuBefore)} hours before the end, ${whole(cpuInLastMinutes)} in the last minutes
  a dead connection is noticed after, ms     p50 ${after(0.5)}, p90 ${after(0.9)}, longest ${after(1)} of ${noticedAfterMs.length} (at most 5,000)`);
}

await runProgram(USAGE, async (args, signal) => {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      viewers: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '12' },
      'load-viewers': { type: 'string', default: '10000' },
      'bids-per-second': { type: 'string', default: '50' },
      seconds: { type: 'string', default: '20' },
      profile: { type: 'string' },
    },
  });
  const parts = chosenNames('part', positionals, PARTS);
  const viewers = wholeNumber('viewers', values.viewers, 1, MOST_VIEWERS);
  const rounds = wholeNumber('rounds', values.rounds, 1, 1_000);
  const load = {
    viewers: wholeNumber('load-viewers', values['load-viewers'], 2, MOST_VIEWERS),
    bidsPerSecond: wholeNumber('bids-per-second', values['bids-per-second'], 1, 1_000),
    seconds: wholeNumber('seconds', values.seconds, 1, 600),
  };
  const profiles = values.profile === undefined ? undefined : resolve(values.profile);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  const stage = await FanOutStage.open(profiles);
  try {
    console.log(machineText(describeMachine(stage.folder, {})));
    if (parts.includes('bare')) {
      console.log(bareText(viewers, await againstBare(stage, viewers, rounds, signal)));
    }
    if (parts.includes('load')) await printLoad(stage, load, signal);
    if (parts.includes('silence')) {
      await printSilence(stage, load.viewers, load.seconds, signal);
    }
  } finally {
    await stage.close();
  }
  if (profiles !== undefined) console.log(await slowestFunctions(profiles));
  return true;
});
