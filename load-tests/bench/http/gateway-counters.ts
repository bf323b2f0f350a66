/** The gateway's own counters, read before and after a round. */
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
export function countersSince(before: GatewayCounters, after: GatewayCounters): GatewayCounters {
  const byResult = new Map<string, number>();
  for (const [result, count] of after.byResult) {
    const more = count - (before.byResult.get(result) ?? 0);
    if (more > 0) byResult.set(result, more);
  }
  return {
    byResult,
    calls: after.calls - before.calls,
    commands: after.commands - before.commands,
  };
}

/** For a report. */
export const batchFigures = ({ calls, commands }: Omit<GatewayCounters, 'byResult'>) =>
  calls > 0 ? { 'commands a script call': commands / calls } : {};

/**
 * Reads the counters once nothing moves them any more: when a generator stops, requests are still
 * under way.
 * @throws Error when the gateway does not answer, or does not come to rest
 */
export async function countersAtRest(gatewayUrl: string): Promise<GatewayCounters> {
  let last = await readCounters(gatewayUrl);
  for (let reading = 0; reading < MAX_READINGS; reading += 1) {
    await pause(READ_EVERY_MS);
    const next = await readCounters(gatewayUrl);
    if (next.commands === last.commands) return next;
    last = next;
  }
  throw new Error('the gateway still decides commands long after the last request');
}

async function readCounters(gatewayUrl: string): Promise<GatewayCounters> {
  const { samples } = await scrape(gatewayUrl);
  const sum = (name: string): number =>
    samples.filter((each) => each.name === name).reduce((all, { value }) => all + value, 0);
  return {
    byResult: new Map(
      samples
        .filter(({ name }) => name === 'outcry_commands_total')
        .map(({ labels, value }) => [labels['result'] ?? '', value]),
    ),
    calls: sum('outcry_batch_commands_count'),
    commands: sum('outcry_batch_commands_sum'),
  };
}
