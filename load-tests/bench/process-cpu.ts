/** How much CPU time processes have used, read from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds of a running process, of all its threads; undefined where it cannot be read. */
export function cpuSeconds(pid: number | undefined): number | undefined {
  return pid === undefined ? undefined : ticks(`${pid}`, [13, 14]);
}

/** CPU seconds of a running process and of its children, running or ended: Postgres is many. */
export function familyCpuSeconds(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const own = ticks(`${pid}`, [13, 14, 15, 16]);
  if (own === undefined) return undefined;
  return childrenOf(pid).reduce((sum, child) => sum + (cpuSeconds(child) ?? 0), own);
}

/** Process numbers; none where they cannot be read. */
export function childrenOf(pid: number): number[] {
  try {
    const names = readdirSync('/proc').filter((name) => parentOf(name) === pid);
    return names.map(Number);
  } catch {
    return [];
  }
}

/** CPU seconds of this process's children that have ended. */
export function endedChildrenCpuSeconds(): number | undefined {
  return ticks('self', [15, 16]);
}

/** CPU seconds that all programs of the machine have used. */
export function machineCpuSeconds(): number | undefined {
  let line: string | undefined;
  try {
    [line] = readFileSync('/proc/stat', 'utf8').split('\n');
  } catch {
    return undefined;
  }
  // See proc(5): idle and waiting for a disk are no use of the CPU; guests are in user already.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (line ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** Adds fields of the process's stat line, numbered from 0 as in proc(5) less one. */
function ticks(process: string, fields: readonly number[]): number | undefined {
  const values = statOf(process);
  if (values === undefined) return undefined;
  return fields.reduce((total, field) => total + Number(values[field - 2]), 0) / TICKS_PER_SECOND;
}

function parentOf(process: string): number | undefined {
  const parent = /^\d+$/.test(process) ? statOf(process)?.[1] : undefined;
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of the process's stat line from the third on. */
function statOf(process: string): string[] | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${process}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses, which may hold spaces: count from behind it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
