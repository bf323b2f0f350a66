/**
 * How fast viewers hear of bids: `npm run bench:fanout`. Starts all it needs, leaves nothing
 * running. Prints the figures and what they should be.
 */
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/machine.ts';
import { machineText } from '../bench/report.ts';
import { againstBare } from './against-bare.ts';
import { FanOutStage } from './fan-out-stage.ts';
import { underLoad, type UnderLoad } from './under-load.ts';

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '4' },
    'load-viewers': { type: 'string', default: '10000' },
    'bids-per-second': { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
  },
});
const count = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${text} is not a whole number above 0`);
};
const whole = (value: number): string => Math.round(value).toLocaleString('en');

function loadText(title: string, found: UnderLoad): string {
  const held = found.held.map(
    ({ maxMs, p99Ms, longestGcMs }) =>
      `${maxMs.toFixed(1)} (p99 ${p99Ms.toFixed(1)}, longest garbage collection ${longestGcMs.toFixed(1)})`,
  );
  return `  ${title}
    from a bid's answer to a viewer, ms   p50 ${found.p50Ms}, p99 ${found.p99Ms} (below 400), longest ${found.maxMs}
    messages to viewers                   ${whole(found.framesPerSecond)} a second
    event loop held, ms                   ${held.join(', ')} (at most 25)`;
}

const stage = await FanOutStage.open();
try {
  console.log(machineText(describeMachine('.', {})));
  const viewers = count(values.viewers);
  const { bare, broadcaster } = await againstBare(stage, viewers, count(values.rounds));
  const time = bare.lastViewerMs / broadcaster.lastViewerMs;
  const rate = broadcaster.deliveriesPerSecond / bare.deliveriesPerSecond;
  console.log(`
one auction, ${whole(viewers)} viewers, one process; chunks, rests and conflation are off
                       bare ws   broadcaster   ratio (at least 0.8)
  last viewer, ms   ${bare.lastViewerMs.toFixed(1).padStart(10)}${broadcaster.lastViewerMs.toFixed(1).padStart(14)}   ${time.toFixed(2)}
  deliveries/s      ${whole(bare.deliveriesPerSecond).padStart(10)}${whole(broadcaster.deliveriesPerSecond).padStart(14)}   ${rate.toFixed(2)}
  bytes a viewer    ${whole(bare.bytesPerViewer).padStart(10)}${whole(broadcaster.bytesPerViewer).padStart(14)}`);
  const all = count(values['load-viewers']);
  const bidsPerSecond = count(values['bids-per-second']);
  const seconds = count(values.seconds);
  console.log(`
one auction, ${whole(all)} viewers on two processes, ${bidsPerSecond} bids/s for ${seconds} s, as shipped`);
  const stalled = Math.ceil(all / 100);
  const without = await underLoad(stage, { viewers: all, stalled: 0, bidsPerSecond, seconds });
  console.log(loadText('all read', without));
  const withStalled = await underLoad(stage, { viewers: all, stalled, bidsPerSecond, seconds });
  console.log(loadText(`${stalled} do not read`, withStalled));
  const worse = withStalled.p99Ms / without.p99Ms;
  const mebibytes = (withStalled.memoryBytes - without.memoryBytes) / 2 ** 20;
  console.log(
    `  p99 of the others ${worse.toFixed(2)} times that without them (at most 1.2), memory ${mebibytes.toFixed(0)} MiB more`,
  );
} finally {
  await stage.close();
}
