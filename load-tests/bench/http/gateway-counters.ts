/** Gateways' own counters, read before and after a round. */
import { setTimeout as pause } from 'node:timers/promises';
import { scrape } from '@outcry/shared/testing/metrics.ts';

export interface GatewayCounters {
  /** Commands decided, by result: OK or a refusal. */
  readonly byResult: ReadonlyMap<string, number>;
  /** Calls of the decide script, and the commands in them. */
  readonly calls: number;
  readonly commands: number;
}

const READ_EVERY_MS = 50;
const MAX_READINGS = 100;

/** What was counted between two readings. */
export const countersSince = (
  before: GatewayCounters,
  after: GatewayCounters,
): GatewayCounters => ({
  byResult: new Map(
    [...after.byResult]
      .map(([result, count]) => [result, count - (before.byResult.get(result) ?? 0)] as const)
      .filter(([, count]) => count > 0),
  ),
  calls: after.calls - before.calls,
  commands: after.commands - before.commands,
});

/** For a report. */
export const batchFigures = ({ calls, commands }: Omit<GatewayCounters, 'byResult'>) =>
  calls > 0 ? { 'commands a script call': commands / calls } : {};

/**
 * Reads the counters, of all gateways together, once nothing moves them any more: when a generator
 * stops, requests are still under way.
 * @throws Error when a gateway does not answer, or does not come to rest
 */
export async function countersAtRest(urls: readonly string[]): Promise<GatewayCounters> {
  let last = await readCounters(urls);
  for (let reading = 0; reading < MAX_READINGS; reading += 1) {
    await pause(READ_EVERY_MS);
    const next = await readCounters(urls);
    if (next.commands === last.commands) return next;
    last = next;
  }
  throw new Error('the gateways still decide commands long after the last request');
}

async function readCounters(urls: readonly string[]): Promise<GatewayCounters> {
  const byResult = new Map<string, number>();
  const sums = new Map<string, number>();
  for (const { samples } of await Promise.all(urls.map(scrape))) {
    for (const { name, labels, value } of samples) {
      sums.set(name, (sums.get(name) ?? 0) + value);
      if (name !== 'outcry_commands_total') continue;
      const result = labels['result'] ?? '';
      byResult.set(result, (byResult.get(result) ?? 0) + value);
    }
  }
  const calls = sums.get('outcry_batch_commands_count') ?? 0;
  return { byResult, calls, commands: sums.get('outcry_batch_commands_sum') ?? 0 };
}
