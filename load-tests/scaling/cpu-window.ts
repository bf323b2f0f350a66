/** What parts of the system used of the CPU while something was measured. */
import { cpuSeconds, machineCpuSeconds } from '../bench/process-cpu.ts';
import { OTHER_PROGRAMS } from '../bench/measurement.ts';

/** Process numbers by part; a part may be several processes. */
export type Parts = Readonly<Record<string, readonly (number | undefined)[]>>;

export interface Used {
  /** In cores, by part, with everything else of the machine. */
  readonly cores: Readonly<Record<string, number>>;
  /** In cores, of each part's busiest process. */
  readonly busiest: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Begins now. @returns what reads the use since then */
export function openCpuWindow(parts: Parts): () => Used {
  const before = read(parts);
  return () => {
    const after = read(parts);
    const seconds = (after.at - before.at) / 1000;
    const cores: Record<string, number> = {};
    const busiest: Record<string, number> = {};
    for (const [part, used] of Object.entries(after.used)) {
      const each = used.map((now, i) => (now - (before.used[part]?.[i] ?? now)) / seconds);
      cores[part] = each.reduce((sum, one) => sum + one, 0);
      busiest[part] = Math.max(0, ...each);
    }
    const own = Object.values(cores).reduce((sum, one) => sum + one, 0);
    cores[OTHER_PROGRAMS] = Math.max(0, (after.machine - before.machine) / seconds - own);
    return { cores, busiest, seconds };
  };
}

const read = (parts: Parts) => ({
  at: performance.now(),
  machine: machineCpuSeconds() ?? 0,
  used: Object.fromEntries(
    Object.entries(parts).map(([part, pids]) => [part, pids.map((pid) => cpuSeconds(pid) ?? 0)]),
  ),
});
