/** How much memory processes have, read from Linux's /proc; 0 where it cannot be read. */
import { readFileSync } from 'node:fs';
import { childrenOf } from './process-cpu.ts';

/** Resident memory of a running process. */
export function residentMib(pid: number): number {
  const { own, files, segments } = residentKib(pid);
  return (own + files + segments) / 1024;
}

/** Of a process and its children; what they share counts once, as far as can be told. */
export function familyResidentMib(pid: number): number {
  const sizes = [pid, ...childrenOf(pid)].map(residentKib);
  const own = sizes.reduce((sum, size) => sum + size.own, 0);
  const shared = (pick: (size: Resident) => number): number => Math.max(...sizes.map(pick));
  return (own + shared(({ files }) => files) + shared(({ segments }) => segments)) / 1024;
}

interface Resident {
  readonly own: number;
  /** Programs and libraries. */
  readonly files: number;
  /** Segments that processes share, such as Postgres's buffers. */
  readonly segments: number;
}

function residentKib(pid: number): Resident {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It has ended.
  }
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { own: kib('RssAnon'), files: kib('RssFile'), segments: kib('RssShmem') };
}
