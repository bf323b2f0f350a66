/** One round of load: what the generator saw, beside what the processes used. */
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import type { ScriptCalls } from './gateway-metrics.ts';
import type { LoadResult, RequestPlan } from './load/request-plan.ts';
import { OTHER_PROGRAMS, type RoundFigures, type RoundOptions } from './measurement.ts';
import { cpuSeconds, machineCpuSeconds } from './process-cpu.ts';

export type Processes = Readonly<Record<string, LocalServer>>;

export interface LoadRound {
  readonly result: LoadResult;
  /** CPU use in cores: of the processes, of the generator, and of everything else. */
  readonly cores: Readonly<Record<string, number>>;
}

/** Sends a plan's requests round by round; each round goes on where the last one ended. */
export class PlannedLoad {
  readonly #plan: RequestPlan;
  readonly #processes: Processes;
  #nextRequest = 0;

  constructor(plan: RequestPlan, processes: Processes) {
    this.#plan = plan;
    this.#processes = processes;
  }

  /** @throws Error when connections broke, because then the figures mean nothing */
  async round({ generator, connections, seconds, signal }: RoundOptions): Promise<LoadRound> {
    const firstRequest = this.#nextRequest;
    const round = await roundOf(this.#processes, () =>
      generator.run(this.#plan, { connections, seconds, firstRequest, signal }),
    );
    // Requests that were under way at the end were sent too.
    this.#nextRequest += round.result.answered + connections + 1;
    return round;
  }
}

/**
 * Loads the processes and reads what all programs used meanwhile.
 * @throws Error when connections broke, because then the figures mean nothing
 */
export async function roundOf(
  processes: Processes,
  load: () => Promise<LoadResult>,
): Promise<LoadRound> {
  const before = cpuOf(processes);
  const machineBefore = machineCpuSeconds();
  const startedAt = performance.now();
  const result = await load();
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const after = cpuOf(processes);
  const machineAfter = machineCpuSeconds();
  if (result.broken > 0) throw new Error(`${result.broken} connections broke or timed out`);
  const cores: Record<string, number> = {};
  for (const [name, used] of after) {
    cores[name] = (used - (before.get(name) ?? used)) / result.seconds;
  }
  if (result.cores !== undefined) cores['generator'] = result.cores;
  if (machineBefore !== undefined && machineAfter !== undefined) {
    const own = Object.values(cores).reduce((sum, used) => sum + used, 0);
    // A generator that takes a while to start is waited for: longer than its load lasts.
    const others = machineAfter - machineBefore - own * result.seconds;
    cores[OTHER_PROGRAMS] = Math.max(0, others / tookSeconds);
  }
  return { result, cores };
}

/** Figures where `counted` of the answers are what is measured. */
export function figuresOf(
  { result, cores }: LoadRound,
  counted: number,
  script: ScriptCalls = { calls: 0, commands: 0 },
): RoundFigures {
  const others = result.answered - counted;
  const called = script.calls > 0;
  return {
    perSecond: counted / result.seconds,
    others,
    othersShare: result.answered === 0 ? 0 : others / result.answered,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cores,
    meanBatch: called ? script.commands / script.calls : undefined,
    callsPerSecond: called ? script.calls / result.seconds : undefined,
  };
}

function cpuOf(processes: Processes): Map<string, number> {
  const used = new Map<string, number>();
  for (const [name, server] of Object.entries(processes)) {
    const seconds = cpuSeconds(server.pid());
    if (seconds !== undefined) used.set(name, seconds);
  }
  return used;
}
