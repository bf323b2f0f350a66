/**
 * What figures were measured on, and what processes used meanwhile: of CPU and memory as Linux's /proc
 * says, 0 where there is none.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, residentMib } from '@outcry/local/processes/process-table.ts';
import { ask } from '@outcry/local/servers/ask.ts';
import { onDatabase } from '@outcry/local/servers/databases.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';

const FSYNCS = 100;
const GIB = 1024 ** 3;

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
  const [row] = await onDatabase(url, (sql) => sql`SHOW server_version`);
  return String(row?.['server_version']).split(' ', 1).join();
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
/** What makes the load: this process, and child processes of it that ended meanwhile. */
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
  const all = { ...parts, [GENERATOR]: [process.pid] };
  const before = reading(all);
  return (lastedSeconds?: number) => {
    const after = reading(all);
    const seconds = (after.at - before.at) / 1000;
    const over = lastedSeconds ?? seconds;
    const cores: Record<string, number> = {};
    for (const [part, now] of Object.entries(after.used)) {
      // A process that was started anew counts from 0.
      const more = now.map((used, i) => Math.max(0, used - (before.used[part]?.[i] ?? used)));
      cores[part] = sum(more) / over;
    }
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

export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

function reading(parts: Parts) {
  const used = cpuSeconds();
  const entries = Object.entries(parts).map(([part, pids]) => {
    // The children of this process are parts of their own.
    return [part, pids.map((pid) => used(pid, { children: pid !== process.pid }))] as const;
  });
  const times = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return {
    at: performance.now(),
    /** CPU seconds that all programs of the machine have used. */
    machine: sum(times) / 1000,
    used: Object.fromEntries(entries) as Record<string, number[]>,
  };
}
