/** What processes use of the CPU and of memory, read from Linux's /proc; 0 where it cannot be read. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Under this name stands the CPU use of everything that is no part of what is measured. */
export const OTHER_PROGRAMS = 'other programs';
/** Child processes of this one that ended meanwhile: what makes the load. */
export const GENERATOR = 'generator';

/** Process numbers by part; a part may be several processes, each with its children. */
export type Parts = Readonly<Record<string, readonly (number | undefined)[]>>;

export interface Used {
  /** In cores, by part; `generator` and `other programs` too. */
  readonly cores: Readonly<Record<string, number>>;
  /** In cores, of each part's busiest process. */
  readonly busiest: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/**
 * Begins now.
 *
 * @returns what reads the use since then; a load that knows better how long it lasted says so, in
 *   seconds, because a generator also takes a while to start
 */
export function openWindow(parts: Parts): (lastedSeconds?: number) => Used {
  const before = reading(parts);
  return (lastedSeconds) => {
    const after = reading(parts);
    const seconds = (after.at - before.at) / 1000;
    const over = lastedSeconds ?? seconds;
    const cores: Record<string, number> = {};
    const busiest: Record<string, number> = {};
    for (const [part, now] of Object.entries(after.used)) {
      // A process that was started anew counts from 0.
      const each = now.map(
        (used, i) => Math.max(0, used - (before.used[part]?.[i] ?? used)) / over,
      );
      cores[part] = each.reduce((sum, one) => sum + one, 0);
      busiest[part] = Math.max(0, ...each);
    }
    const load = (after.ended - before.ended) / over;
    if (load > 0) cores[GENERATOR] = load;
    const own = Object.values(cores).reduce((sum, one) => sum + one, 0);
    const others = (after.machine - before.machine - own * over) / seconds;
    return { cores: { ...cores, [OTHER_PROGRAMS]: Math.max(0, others) }, busiest, seconds };
  };
}

/** Resident memory of each part's processes together, in MiB. */
export const memoryOf = (parts: Parts): Record<string, number> =>
  Object.fromEntries(
    Object.entries(parts).map(([part, pids]) => [
      part,
      pids.map(residentMib).reduce((sum, mib) => sum + mib, 0),
    ]),
  );

/** Resident memory of a process and its children; what they share counts once, as far as known. */
export function residentMib(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const children = [...processes()].filter(([, { parent }]) => parent === pid).map(([id]) => id);
  const statuses = [pid, ...children].map((each) => read(`/proc/${each}/status`));
  const kib = (name: string): number[] =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0));
  // Programs and libraries, and segments such as Postgres's buffers, are shared.
  const shared = Math.max(...kib('RssFile')) + Math.max(...kib('RssShmem'));
  return kib('RssAnon').reduce((sum, own) => sum + own, shared) / 1024;
}

function reading(parts: Parts) {
  const table = processes();
  const used = (pid: number | undefined): number => {
    const own = table.get(pid ?? 0);
    if (own === undefined) return 0;
    const children = [...table.values()].filter(({ parent }) => parent === pid);
    return children.reduce((sum, child) => sum + child.seconds, own.seconds + own.endedChildren);
  };
  const entries = Object.entries(parts).map(([part, pids]) => [part, pids.map(used)] as const);
  return {
    at: performance.now(),
    machine: machineSeconds(),
    ended: table.get(process.pid)?.endedChildren ?? 0,
    used: Object.fromEntries(entries) as Record<string, number[]>,
  };
}

interface Process {
  readonly parent: number;
  /** CPU time of all its threads. */
  readonly seconds: number;
  readonly endedChildren: number;
}

/** All there are, by number. */
function processes(): Map<number, Process> {
  const found = new Map<number, Process>();
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    // There is no /proc.
  }
  for (const name of names) {
    const stat = read(`/proc/${name}/stat`);
    // The second field is the name in parentheses, which may hold spaces: count from behind it.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11);
    found.set(Number(name), {
      parent: fields[1] ?? 0,
      seconds: (user + system) / TICKS_PER_SECOND,
      endedChildren: (childrenUser + childrenSystem) / TICKS_PER_SECOND,
    });
  }
  return found;
}

/** CPU seconds that all programs of the machine have used. */
function machineSeconds(): number {
  // See proc(5): idle and waiting for a disk are no use of the CPU; guests are in user already.
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = read('/proc/stat')
    .split('\n', 1)
    .join()
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
