/**
 * How fast viewers hear of bids: `npm run bench:fanout`. Starts all it needs, leaves nothing
 * running. Prints the figures and what they should be.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/machine.ts';
import { machineText } from '../bench/report.ts';
import { slowestFunctions } from '../bench/slowest-functions.ts';
import { againstBare, middle, type AgainstBare } from './against-bare.ts';
import { FanOutStage } from './fan-out-stage.ts';
import { underLoad, type UnderLoad } from './under-load.ts';

const PARTS = ['bare', 'load'] as const;
const { values, positionals } = parseArgs({
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
const unknown = positionals.filter((part) => !PARTS.some((each) => each === part));
if (unknown.length > 0) {
  throw new Error(`${unknown.join(', ')} is no part of it: ${PARTS.join(', ')}`);
}
const asked = (part: (typeof PARTS)[number]): boolean =>
  positionals.length === 0 || positionals.includes(part);
const count = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${text} is not a whole number above 0`);
};
const whole = (value: number): string => Math.round(value).toLocaleString('en');

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
${row('last viewer, ms', 'lastViewerMs', (ms) => ms.toFixed(1), ', at least 0.8')}
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
    from a bid's answer to a viewer, ms   p50 ${found.p50Ms}, p99 ${found.p99Ms} (below 400), longest ${found.maxMs}
    messages to viewers                   ${whole(found.framesPerSecond)} a second
    event loop held, ms                   ${held.join(', ')} (at most 25)`;
}

async function printLoad(stage: FanOutStage): Promise<void> {
  const viewers = count(values['load-viewers']);
  const bidsPerSecond = count(values['bids-per-second']);
  const seconds = count(values.seconds);
  console.log(`
one auction, ${whole(viewers)} viewers on two processes, ${bidsPerSecond} bids/s for ${seconds} s, as shipped`);
  const stalled = Math.ceil(viewers / 100);
  const without = await underLoad(stage, { viewers, stalled: 0, bidsPerSecond, seconds });
  console.log(loadText('all read', without));
  const withStalled = await underLoad(stage, { viewers, stalled, bidsPerSecond, seconds });
  console.log(loadText(`${stalled} do not read`, withStalled));
  const worse = withStalled.p99Ms / without.p99Ms;
  const mebibytes = (withStalled.memoryBytes - without.memoryBytes) / 2 ** 20;
  console.log(
    `  p99 of the others ${worse.toFixed(2)} times that without them (at most 1.2), memory ${mebibytes.toFixed(0)} MiB more`,
  );
}

const profiles = values.profile === undefined ? undefined : resolve(values.profile);
if (profiles !== undefined) await mkdir(profiles, { recursive: true });
const stage = await FanOutStage.open(profiles);
try {
  console.log(machineText(describeMachine('.', {})));
  if (asked('bare')) {
    const viewers = count(values.viewers);
    console.log(bareText(viewers, await againstBare(stage, viewers, count(values.rounds))));
  }
  if (asked('load')) await printLoad(stage);
} finally {
  await stage.close();
}
if (profiles !== undefined) console.log(await slowestFunctions(profiles));
