/** The most memory that gateways and workers had while a fault lasted. */
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { FaultSystem, PartName } from './fault-system.ts';

const SAMPLE_EVERY_MS = 500;
const MIB = 1024 * 1024;

const WATCHED = {
  gatewayMiB: ['api-gateway', 'api-gateway-2'],
  workerMiB: ['archival-worker', 'archival-worker-2'],
} as const satisfies Record<string, readonly PartName[]>;

/** Resident memory of the largest process of each kind, as the processes report it. */
export type PeakMemory = Record<keyof typeof WATCHED, number>;

export class MemoryWatch {
  readonly #system: FaultSystem;
  readonly #peaks: PeakMemory = { gatewayMiB: 0, workerMiB: 0 };
  readonly #rounds = new Rounds(() => this.#round());

  /** Begins to watch. */
  constructor(system: FaultSystem) {
    this.#system = system;
    this.#rounds.start();
  }

  async stop(): Promise<PeakMemory> {
    await this.#rounds.stop();
    return this.#peaks;
  }

  async #round(): Promise<number> {
    await Promise.all([this.#sample('gatewayMiB'), this.#sample('workerMiB')]);
    return SAMPLE_EVERY_MS;
  }

  async #sample(kind: keyof typeof WATCHED): Promise<void> {
    for (const name of WATCHED[kind]) {
      if (this.#system.part(name).pid() === undefined) continue;
      // One that was just killed does not answer; the next sample finds it again.
      const bytes = await this.#system.metric(name, 'process_resident_memory_bytes').catch(() => 0);
      this.#peaks[kind] = Math.max(this.#peaks[kind], bytes / MIB);
    }
  }
}
