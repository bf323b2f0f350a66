/** The gateway's own counters, read before and after a round. */
import { setTimeout as pause } from 'node:timers/promises';
import { readMetrics } from '../service-metrics.ts';

/** Calls of the decide script, and the commands in them. */
export interface ScriptCalls {
  readonly calls: number;
  readonly commands: number;
}

export interface GatewayCounters extends ScriptCalls {
  /** Commands decided, by result: OK or a refusal. */
  readonly byResult: ReadonlyMap<string, number>;
}

const SAMPLE = /^(\w+)(?:\{([^}]*)\})? ([0-9.e+]+)$/;
const RESULT = /(?:^|,)result="(\w+)"/;
const READ_EVERY_MS = 50;
const MAX_READINGS = 100;

/** Reads Prometheus's text format, as far as these counters need it. */
export function parseCounters(text: string): GatewayCounters {
  const byResult = new Map<string, number>();
  let calls = 0;
  let commands = 0;
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    const result = RESULT.exec(labels)?.[1];
    if (name === 'outcry_commands_total' && result !== undefined) {
      byResult.set(result, Number(value));
    }
    if (name === 'outcry_batch_commands_count') calls = Number(value);
    if (name === 'outcry_batch_commands_sum') commands = Number(value);
  }
  return { byResult, calls, commands };
}

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

const readCounters = async (gatewayUrl: string): Promise<GatewayCounters> =>
  parseCounters(await readMetrics(gatewayUrl));
