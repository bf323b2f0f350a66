/** Bids at a fixed rate over some gateways and auctions: what does each cost? */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { bidderTokens, bidsPath, FIRST_AMOUNT, openAuctions } from '../bench/bidding-crowd.ts';
import { countersAtRest } from '../bench/gateway-metrics.ts';
import { readFigures } from '../bench/load/read-figures.ts';
import { spawnTypescript } from '../bench/typescript-process.ts';
import { openCpuWindow, type Used } from './cpu-window.ts';
import type { OpenPlan } from './open-plan.ts';
import type { PointFigures } from './point-figures.ts';
import type { ScalingStage } from './scaling-stage.ts';
import type { BidPoint } from './series.ts';

const LOAD = new URL('./open-load-process.ts', import.meta.url);
/** What a new gateway gets before it is measured: Node compiles code that runs often. */
const FIRST_LOAD = { bidsPerSecond: 2_000, warmUpSeconds: 0, seconds: 3 };
/** See accepted-bids.ts. */
const AMOUNT_STEP = 10;
const warmedUp = new WeakSet<LocalServer>();

export interface PointTime {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** @throws Error when bids got no decision, or the figures do not fit together */
export async function bidPoint(
  stage: ScalingStage,
  { gateways, auctions, bidsPerSecond }: BidPoint,
  { warmUpSeconds, seconds, signal }: PointTime,
): Promise<PointFigures> {
  const running = await stage.gateways(gateways);
  const [first] = running;
  if (first === undefined) throw new Error('there is no gateway');
  const tokens = await bidderTokens(first.url, signal);
  for (const gateway of running.filter((each) => !warmedUp.has(each))) {
    const plan = { ...FIRST_LOAD, tokens, ...(await newLoad([gateway], 1, signal)) };
    await load(stage, plan, {}, signal);
    warmedUp.add(gateway);
  }
  const target = await newLoad(running, auctions, signal);
  const plan = { bidsPerSecond, warmUpSeconds, seconds, tokens, ...target };
  const countersBefore = await Promise.all(running.map(({ url }) => countersAtRest(url)));
  const parts = {
    gateway: running.map((gateway) => gateway.pid()),
    redis: [stage.redis.pid()],
    nats: [stage.nats.pid()],
  };
  const { result, used } = await load(stage, plan, parts, signal);
  if (result.broken > 0) throw new Error(`${result.broken} bids got no decision`);
  const countersAfter = await Promise.all(running.map(({ url }) => countersAtRest(url)));
  const since = (which: 'calls' | 'commands'): number =>
    countersAfter.reduce(
      (sum, after, i) => sum + after[which] - (countersBefore[i]?.[which] ?? 0),
      0,
    );
  const accepted = result.answered - result.refused;
  return {
    bidsPerSecond: accepted / result.seconds,
    refusedShare: result.refused / result.answered,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cores: used.cores,
    busiest: used.busiest['gateway'] ?? 0,
    // The warm-up's calls count too: it has the same rate.
    meanBatch: since('commands') / since('calls'),
    callsPerSecond: since('calls') / (warmUpSeconds + seconds),
  };
}

/** New auctions on these gateways, and keys that nobody had before. */
async function newLoad(gateways: readonly LocalServer[], auctions: number, signal: AbortSignal) {
  const origins = gateways.map(({ url }) => url);
  const ids = await openAuctions(origins[0] ?? '', auctions, { startPrice: 1 }, signal);
  const keyPrefix = `scaling-${Date.now().toString(36)}-`;
  const amounts = {
    member: 'maxAmount',
    firstAmount: FIRST_AMOUNT,
    amountStep: AMOUNT_STEP,
  } as const;
  return { origins, paths: ids.map(bidsPath), keyPrefix, ...amounts };
}

/** Runs the load's process, and watches the CPU from the end of its warm-up. */
async function load(
  { folder }: ScalingStage,
  plan: OpenPlan,
  parts: Readonly<Record<string, readonly (number | undefined)[]>>,
  signal: AbortSignal,
) {
  const file = join(folder, 'plan.json');
  await writeFile(file, JSON.stringify(plan));
  const child = spawnTypescript(LOAD, [file], signal);
  let close: (() => Used) | undefined;
  let used: Used | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'begin') close = openCpuWindow({ ...parts, generator: [child.pid] });
    else if (line.startsWith('figures')) used = close?.();
  });
  const result = await readFigures(child, 'the load');
  if (child.exitCode === null) await once(child, 'exit');
  if (used === undefined) throw new Error('the load never began');
  return { result, used };
}
