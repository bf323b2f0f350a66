/**
 * How costs grow: `npm run bench:scaling`. Measures some or all series, and writes each as JSON and
 * as a plot into docs/scaling. Starts all it needs, leaves nothing running.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chosenNames, readArguments, runProgram, wholeNumber } from '../command-line.ts';
import { describeMachine } from '../bench/machine.ts';
import { bidPoint, type PointTime } from './bid-point.ts';
import { panelPlot } from './panels.ts';
import { plotOf } from './panels-of.ts';
import { pointAt, type ScalingPoint } from './point-figures.ts';
import { ROOT, ScalingStage } from './scaling-stage.ts';
import { SERIES, type Series } from './series.ts';
import { viewerPoint } from './viewer-point.ts';

const FOLDER = join(ROOT, 'docs', 'scaling');
const USAGE = `npm run bench:scaling -- [series …] [--seconds 3] [--warm-up 1]

Writes docs/scaling/<series>.json and .svg. Series:
${Object.entries(SERIES)
  .map(([name, { title }]) => `  ${name.padEnd(16)} ${title}`)
  .join('\n')}`;

const say = (line: string): void => console.log(`- ${line}`);

async function measure(series: Series, stage: ScalingStage, time: PointTime, cpus: number) {
  const points: ScalingPoint[] = [];
  const note = (x: number, figures: ScalingPoint['figures']): void => {
    const point = pointAt(x, figures, cpus);
    points.push(point);
    say(`${x} ${series.grows}: ${pointText(point)}`);
  };
  if (series.kind === 'bids') {
    for (const { x, point } of series.points) note(x, await bidPoint(stage, point, time));
  } else {
    for (const { x, point } of series.points) note(x, await viewerPoint(stage, point, time));
  }
  return points;
}

function pointText({ figures, limits, machineIsLimit }: ScalingPoint): string {
  const { bidsPerSecond, p50Ms, p99Ms, cores, meanBatch, messagesPerSecond } = figures;
  const used = Object.entries(cores).map(([part, each]) => `${part} ${each.toFixed(2)}`);
  return [
    `${bidsPerSecond.toFixed(0)} bids/s`,
    ...(messagesPerSecond === undefined ? [] : [`${messagesPerSecond.toFixed(0)} messages/s`]),
    ...(meanBatch === undefined ? [] : [`${meanBatch.toFixed(1)} a call`]),
    `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    `cores: ${used.join(', ')}`,
    ...limits,
    ...(machineIsLimit ? ['the machine is the limit'] : []),
  ].join('; ');
}

async function run(args: string[], signal: AbortSignal): Promise<boolean> {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '1' },
    },
  });
  const names = chosenNames('series', positionals, Object.keys(SERIES));
  const time = {
    seconds: wholeNumber('seconds', values.seconds, 1, 60),
    warmUpSeconds: wholeNumber('warm-up', values['warm-up'], 1, 60),
    signal,
  };
  const stage = await ScalingStage.open(say);
  try {
    const machine = describeMachine(stage.folder, {});
    await mkdir(FOLDER, { recursive: true });
    for (const [name, series] of Object.entries(SERIES)) {
      if (!names.includes(name)) continue;
      say(series.title);
      const points = await measure(series, stage, time, machine.cpus);
      const { seconds, warmUpSeconds } = time;
      const about = { at: new Date().toISOString(), machine, seconds, warmUpSeconds };
      const raw = { ...about, series, points };
      await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(raw, null, 2)}\n`);
      await writeFile(join(FOLDER, `${name}.svg`), panelPlot(plotOf(series, points)));
    }
  } finally {
    await stage.close();
  }
  return true;
}

await runProgram(USAGE, run);
