/** A load made larger step by step: what does each bid, or each message to a viewer, cost then? */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { table, whole } from '../command-line.ts';
import { sum } from '../system/machine.ts';
import type { LoadOptions, Sweep } from './plans.ts';
import { plotSvg, type Plot } from './report.ts';
import { runLoad, type LoadResult, type RunTools } from './run-load.ts';

type SweepPoint = ReturnType<typeof pointOf>;

const BUSY_SHARE = 0.9;

/** Runs every step. @returns whether nothing was lost */
export async function runSweeps(options: LoadOptions, tools: RunTools): Promise<boolean> {
  let good = true;
  for (const sweep of options.sweeps) {
    const points: SweepPoint[] = [];
    for (const x of sweep.steps) {
      const step = stepOf(options, sweep, x);
      const { system } = tools;
      system.bed.say(`${x} ${sweep.grows}`);
      await system.run('api-gateway', step.gateways);
      await system.run('broadcast-service', step.broadcasters);
      const folder = join(tools.folder, `${sweep.grows}-${x}`);
      points.push(pointOf(x, await runLoad(step, { ...tools, folder })));
    }
    const name = join(tools.folder, `${options.name}-${sweep.grows}`);
    await writeFile(`${name}.md`, `${sweepText(points)}\n`);
    for (const [which, plot] of Object.entries(sweepPlots(sweep, points))) {
      await writeFile(`${name}-${which}.svg`, plotSvg(plot));
    }
    console.log(`\n${options.name} by ${sweep.grows}: ${name}.md\n\n${sweepText(points)}\n`);
    good &&= points.every((point) => point.good);
  }
  return good;
}

/** What stays as it is, and the one thing that is now this large. */
export function stepOf(options: LoadOptions, sweep: Sweep, x: number): LoadOptions {
  const { steps: _steps, grows, ...stays } = sweep;
  const step = { ...options, ...stays, [grows]: x };
  // Bidders for the bids that are under way at once, with room for a stall.
  return { ...step, vus: Math.max(options.vus, Math.round(step.rate / 2)) };
}

/**
 * @param x how large that was which grows
 * @returns accepted bids, or messages to all viewers, `perSecond`; the CPU time of each, in µs, by part;
 *   the latency of bids to their answer, or of decisions to viewers; whether all cores were busy, also
 *   with the load, so that the machine was the limit; whether nothing was lost, because limits of latency
 *   are not for a load that is too large
 */
export function pointOf(x: number, result: LoadResult) {
  const { options, figures, machine, viewers } = result;
  const { beganAt } = figures;
  const endedAt = beganAt + options.seconds * 1000;
  const samples = result.samples.filter(({ at }) => at > beganAt + 1000 && at <= endedAt + 500);
  const perSecond =
    viewers === null
      ? figures.accepted.count / options.seconds
      : mean(samples.map(({ messagesPerSecond }) => messagesPerSecond));
  const parts =
    viewers === null ? ['api-gateway', 'redis', 'nats'] : ['broadcast-service', 'redis'];
  const microseconds = parts.map((part): [string, number] => {
    const cores = mean(samples.map((each) => each.cores[part] ?? 0));
    return [part, perSecond === 0 ? 0 : (cores / perSecond) * 1e6];
  });
  const all = samples.map(({ cores }) => sum(Object.values(cores)));
  const { p50: p50Ms, p99: p99Ms } = viewers?.sockets.latencies ?? figures.accepted;
  return {
    x,
    perSecond,
    microseconds: Object.fromEntries(microseconds),
    meanBatch: mean(samples.map(({ meanBatch }) => meanBatch)),
    p50Ms,
    p99Ms,
    isLimited: percentile(all, 0.5) >= machine.cpus * BUSY_SHARE,
    good: result.reconciliation.faults.length === 0,
  };
}

/** Of those that are known; 0 without one. */
function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return sum(known) / Math.max(1, known.length);
}

function sweepText(points: readonly SweepPoint[]): string {
  const parts = Object.keys(points[0]?.microseconds ?? {});
  const costs = parts.map((part) => `${part}, µs`);
  return table(
    ['', 'per second', 'in a script call', ...costs, 'p50 ms', 'p99 ms'],
    points.map((point) => [
      `${whole(point.x)}${point.isLimited ? ' (the machine is the limit)' : ''}`,
      whole(point.perSecond),
      point.meanBatch.toFixed(1),
      ...parts.map((part) => (point.microseconds[part] ?? 0).toFixed(0)),
      point.p50Ms.toFixed(1),
      point.p99Ms.toFixed(1),
    ]),
  );
}

export function sweepPlots(
  { grows: xName }: Sweep,
  points: readonly SweepPoint[],
): Record<string, Plot> {
  const hollow = points.some(({ isLimited }) => isLimited)
    ? '; hollow: the machine, which also makes the load, was the limit'
    : '';
  const plot = (title: string, valuesOf: (point: SweepPoint) => Record<string, number>): Plot => {
    const shown = points.map((point) => ({ ...point, values: valuesOf(point) }));
    return { title: title + hollow, points: shown, xName, hasSteps: true };
  };
  return {
    cost: plot('CPU time of each, µs', ({ microseconds }) => microseconds),
    batches: plot('bids in a script call', ({ meanBatch }) => ({ mean: meanBatch })),
    latency: plot('latency, ms', ({ p50Ms, p99Ms }) => ({ p50: p50Ms, p99: p99Ms })),
  };
}
