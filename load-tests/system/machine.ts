/**
 * What figures were measured on, and what processes used meanwhile: of CPU and memory as Linux's /proc
 * says, 0 where there is none.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { readProc, TICKS_PER_SECOND } from '@outcry/local/processes/process-table.ts';
import { ask } from '@outcry/local/servers/ask.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';

const FSYNCS = 100;
const GIB = 1024 ** 3;
const QUERY_LIMIT_S = 5;

export type Machine = Awaited<ReturnType<typeof describeMachine>>;

/**
 * @param folder on the disk whose speed matters
 * @param urls of those servers that run @param versions of further programs
 * @returns hardware and versions as text for people @throws Error when Postgres is silent
 */
export async function describeMachine(
  folder: string,
  { redis, nats, postgres }: { redis?: string; nats?: string; postgres?: string },
  versions: Readonly<Record<string, string>> = {},
) {
  const cores = availableParallelism();
  const programs = Object.entries({
    Node: process.versions.node,
    ...versions,
    Redis: redis && (await heard(redis, 'INFO server\r\n', /redis_version:(\S+)/)),
    // NATS greets with a line that names its version.
    NATS: nats && (await heard(nats, '', /"version":"([^"]+)"/)),
    Postgres: postgres && (await postgresVersion(postgres)),
  });
  const text = [
    `${cpus()[0]?.model.trim()}`,
    `${cores} cores`,
    `${Math.round(totalmem() / GIB)} GiB`,
    `${type()} ${release()}`,
    ...programs.filter(([, version]) => version !== undefined).map((each) => each.join(' ')),
    `an fsync takes ${fsyncTime(folder).toFixed(2)} ms`,
  ].join(', ');
  return { cpus: cores, text };
}

async function heard(url: string, question: string, version: RegExp): Promise<string> {
  const answer = await ask(Number(new URL(url).port), question, (text) => version.test(text));
  return version.exec(answer ?? '')?.[1] ?? 'unknown';
}

async function postgresVersion(url: string): Promise<string> {
  const sql = connect(url, { max: 1, connect_timeout: QUERY_LIMIT_S });
  try {
    const [row] = await sql<{ version: string }[]>`
      SELECT split_part(current_setting('server_version'), ' ', 1) AS version`;
    return row?.version ?? 'unknown';
  } finally {
    await sql.end({ timeout: QUERY_LIMIT_S });
  }
}

/** Appending a block to a file and having it on disk, median in ms. */
function fsyncTime(folder: string): number {
  const path = join(folder, 'fsync');
  const times = Array.from({ length: FSYNCS }, () => {
    const from = performance.now();
    writeFileSync(path, Buffer.alloc(4_096), { flag: 'a', flush: true });
    return performance.now() - from;
  });
  rmSync(path);
  return percentile(times, 0.5);
}

/** Under this name stands the CPU use of everything that is no part of what is measured. */
export const OTHER_PROGRAMS = 'other programs';
/** Child processes of this one that ended meanwhile: what makes the load. */
export const GENERATOR = 'generator';

/** Process numbers by part; a part may be several processes, each with its children. */
export type Parts = Readonly<Record<string, readonly (number | undefined)[]>>;

export type Used = ReturnType<ReturnType<typeof openWindow>>;

/**
 * Begins now.
 * @returns what reads the use since then, in cores, by part, `generator` and `other programs` too; a load
 *   that knows better how long it lasted says so, in seconds, because a generator also takes a while to
 *   start
 */
export function openWindow(parts: Parts) {
  const before = reading(parts);
  return (lastedSeconds?: number) => {
    const after = reading(parts);
    const seconds = (after.at - before.at) / 1000;
    const over = lastedSeconds ?? seconds;
    const cores: Record<string, number> = {};
    for (const [part, now] of Object.entries(after.used)) {
      // A process that was started anew counts from 0.
      const more = now.map((used, i) => Math.max(0, used - (before.used[part]?.[i] ?? used)));
      cores[part] = sum(more) / over;
    }
    const load = (after.ended - before.ended) / over;
    if (load > 0) cores[GENERATOR] = load;
    const own = sum(Object.values(cores)) * over;
    cores[OTHER_PROGRAMS] = Math.max(0, (after.machine - before.machine - own) / seconds);
    return { cores, seconds };
  };
}

/** Resident memory of each part's processes together, in MiB. */
export const memoryOf = (parts: Parts): Record<string, number> =>
  Object.fromEntries(
    Object.entries(parts).map(([part, pids]) => [part, sum(pids.map(residentMib))]),
  );

/** Resident memory of a process and its children; what they share counts once, as far as known. */
export function residentMib(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const children = readProc().filter(({ parent }) => parent === pid);
  const statuses = [pid, ...children.map((child) => child.pid)].map((each) =>
    read(`/proc/${each}/status`),
  );
  const kib = (name: string): number[] =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0));
  // Programs and libraries, and segments such as Postgres's buffers, are shared.
  const shared = Math.max(...kib('RssFile')) + Math.max(...kib('RssShmem'));
  return (sum(kib('RssAnon')) + shared) / 1024;
}

export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

function reading(parts: Parts) {
  const table = readProc();
  const find = (pid: number | undefined) => table.find((each) => each.pid === pid);
  const used = (pid: number | undefined): number => {
    const own = find(pid);
    if (own === undefined) return 0;
    const children = table.filter(({ parent }) => parent === pid);
    return own.seconds + own.endedChildrenSeconds + sum(children.map(({ seconds }) => seconds));
  };
  const entries = Object.entries(parts).map(([part, pids]) => [part, pids.map(used)] as const);
  // See proc(5): idle and waiting for a disk are no use of the CPU; guests are in user already.
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = read('/proc/stat')
    .split('\n', 1)
    .join()
    .split(/\s+/)
    .map(Number);
  return {
    at: performance.now(),
    /** CPU seconds that all programs of the machine have used. */
    machine: (user + nice + system + irq + softirq) / TICKS_PER_SECOND,
    ended: find(process.pid)?.endedChildrenSeconds ?? 0,
    used: Object.fromEntries(entries) as Record<string, number[]>,
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
