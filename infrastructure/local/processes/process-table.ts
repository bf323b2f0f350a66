import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { runCommand } from './run-command.ts';

interface Row {
  pid: number;
  parent: number;
  zombie: boolean;
}

interface ProcRow extends Row {
  /** Clock ticks from the machine's start to the process's. */
  started: string;
  /** CPU time of all its threads. */
  seconds: number;
  /** The same of its children that have ended. */
  endedChildrenSeconds: number;
}

/** Linux reports in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Whether a process with this number runs. One that has ended and only waits for its parent to
 * take notice (a zombie) does not: in a container nobody may ever take notice.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return !(readProcRow(String(pid))?.zombie ?? false);
}

/**
 * Names a process for good: its number and when it started, since numbers are used again, in
 * containers even after each start. `undefined` when there is no such process.
 */
export function processIdentity(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  const started = process.platform === 'linux' ? readProcRow(String(pid))?.started : psStart(pid);
  return started === undefined ? undefined : `${pid}@${started}`;
}

/** Whether the process of this identity still runs. */
export function isSameProcess(identity: string): boolean {
  return processIdentity(Number.parseInt(identity, 10)) === identity;
}

/** Numbers of all processes below `pid`, parents before their children. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const row of await allProcesses()) {
    if (row.zombie) continue;
    const siblings = childrenOf.get(row.parent);
    if (siblings === undefined) childrenOf.set(row.parent, [row.pid]);
    else siblings.push(row.pid);
  }
  const found: number[] = [];
  const pending = [pid];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const children = childrenOf.get(next) ?? [];
    found.push(...children);
    pending.push(...children);
  }
  return found;
}

/** All processes as Linux's /proc says; none where there is no such folder. */
function readProc(): ProcRow[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readProcRow)
    .filter((row) => row !== undefined);
}

/**
 * Reads the CPU time of all processes, where Linux's /proc says it.
 * @returns gives that of one in seconds, with its children that have ended, and with those that run unless told
 *   otherwise; 0 where it is not known
 */
export function cpuSeconds() {
  const table = readProc();
  return (pid: number | undefined, { children = true } = {}): number => {
    const own = table.find((each) => each.pid === pid);
    if (own === undefined) return 0;
    const running = table.filter(({ parent }) => children && parent === pid);
    return running.reduce(
      (all, { seconds }) => all + seconds,
      own.seconds + own.endedChildrenSeconds,
    );
  };
}

/** Resident memory of a process and its children; what they share counts once, as far as known. */
export function residentMib(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const children = readProc().filter(({ parent }) => parent === pid);
  const statuses = [pid, ...children.map((child) => child.pid)].map(statusOf);
  const kib = (name: string): number[] =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0));
  // Programs and libraries, and segments such as Postgres's buffers, are shared.
  const shared = Math.max(...kib('RssFile')) + Math.max(...kib('RssShmem'));
  return kib('RssAnon').reduce((all, one) => all + one, shared) / 1024;
}

/** Of a process, as Linux says; '' where there is none. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

// Linux is read from /proc because small images have no `ps`.
async function allProcesses(): Promise<Row[]> {
  if (process.platform === 'linux') return readProc();
  const { output } = await runCommand('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return output.split('\n').flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), zombie: state?.startsWith('Z') ?? false }];
  });
}

function readProcRow(pid: string): ProcRow | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields
      .slice(11)
      .map(Number);
    return {
      pid: Number(pid),
      parent: Number(fields[1]),
      zombie: fields[0] === 'Z',
      started: fields[19] ?? '',
      seconds: (user + system) / TICKS_PER_SECOND,
      endedChildrenSeconds: (childrenUser + childrenSystem) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

function psStart(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
