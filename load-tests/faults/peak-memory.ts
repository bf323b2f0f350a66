/** The most memory that gateways and workers had while a fault lasted. */
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { residentMib } from '../system/process-use.ts';
import type { WholeSystem } from '../system/whole-system.ts';

const SAMPLE_EVERY_MS = 500;

/** Resident memory of the largest process of each kind. */
export class PeakMemory {
  gatewayMiB = 0;
  workerMiB = 0;
  readonly #rounds: Rounds;

  /** Begins to watch. */
  constructor(system: WholeSystem) {
    const most = (part: 'api-gateway' | 'archival-worker', before: number): number =>
      Math.max(before, ...(system.processes[part] ?? []).map(residentMib));
    this.#rounds = new Rounds(() => {
      this.gatewayMiB = most('api-gateway', this.gatewayMiB);
      this.workerMiB = most('archival-worker', this.workerMiB);
      return Promise.resolve(SAMPLE_EVERY_MS);
    });
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }
}
