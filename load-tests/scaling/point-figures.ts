/** What was found at one point; the same for bids and for viewers. */
import { OTHER_PROGRAMS } from '../bench/measurement.ts';

export interface PointFigures {
  /** Accepted bids a second. */
  readonly bidsPerSecond: number;
  /** Bids that were decided and not accepted: others overtook them. */
  readonly refusedShare: number;
  /** Bids to their answer, or answers to viewers; milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU use in cores, by part; several processes of a part together. */
  readonly cores: Readonly<Record<string, number>>;
  /** CPU use in cores of the busiest single process among the gateways or broadcasters. */
  readonly busiest: number;
  readonly meanBatch?: number;
  readonly callsPerSecond?: number;
  /** To all viewers together. */
  readonly messagesPerSecond?: number;
  /** Of all broadcasters, at the end. */
  readonly memoryMib?: number;
}

export interface ScalingPoint {
  readonly x: number;
  readonly figures: PointFigures;
  /** What kept the figures from being better, as far as the CPU figures tell. */
  readonly limits: readonly string[];
  /**
   * Whether the machine was the limit and not the design: its cores were all busy, or what makes the
   * load was.
   */
  readonly machineIsLimit: boolean;
}

const ALL_SHARE = 0.9;
const BUSY_CORES = 0.9;
/** What other programs may use, in cores, before it is worth a word. */
const NOISE_CORES = 0.15;

/** @param cpus cores of the machine */
export function pointAt(x: number, figures: PointFigures, cpus: number): ScalingPoint {
  const { cores, busiest } = figures;
  const all = Object.values(cores).reduce((sum, used) => sum + used, 0);
  const machineIsLimit = all >= cpus * ALL_SHARE;
  const loader = Math.max(cores['generator'] ?? 0, cores['crowd'] ?? 0);
  const loaderIsLimit = loader >= BUSY_CORES;
  const noise = cores[OTHER_PROGRAMS] ?? 0;
  const limits = [
    machineIsLimit ? [`all ${cpus} cores are busy`] : [],
    loaderIsLimit ? ['what makes the load uses a whole core'] : [],
    busiest >= BUSY_CORES ? ['one gateway or broadcaster uses a whole core'] : [],
    (cores['redis'] ?? 0) >= BUSY_CORES ? ['Redis uses a whole core'] : [],
    noise > NOISE_CORES ? [`other programs used ${noise.toFixed(2)} cores meanwhile`] : [],
  ];
  return { x, figures, limits: limits.flat(), machineIsLimit: machineIsLimit || loaderIsLimit };
}
