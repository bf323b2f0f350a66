/** CPU time and memory of a process and its children, read from Linux's /proc. */
import { readFileSync } from 'node:fs';
import { cpuSeconds } from '../bench/process-cpu.ts';

export interface TreeUse {
  readonly cpuSeconds: number;
  /** Resident memory; what processes of the tree share counts once, as far as can be told. */
  readonly memoryMib: number;
}

export function useOfTree(root: number): TreeUse {
  const pids = treeOf(root);
  const sizes = pids.map(residentKib);
  const sum = sizes.reduce((total, { own }) => total + own, 0);
  const shared = (pick: (size: Resident) => number): number => Math.max(0, ...sizes.map(pick));
  return {
    cpuSeconds: pids.reduce((total, pid) => total + (cpuSeconds(pid) ?? 0), 0),
    memoryMib: (sum + shared(({ files }) => files) + shared(({ segments }) => segments)) / 1024,
  };
}

function treeOf(root: number): number[] {
  const children = read(`/proc/${root}/task/${root}/children`).split(' ').filter(Boolean);
  return [root, ...children.flatMap((child) => treeOf(Number(child)))];
}

interface Resident {
  readonly own: number;
  /** Programs and libraries. */
  readonly files: number;
  /** Segments that processes share, such as Postgres's buffers. */
  readonly segments: number;
}

function residentKib(pid: number): Resident {
  const status = read(`/proc/${pid}/status`);
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { own: kib('RssAnon'), files: kib('RssFile'), segments: kib('RssShmem') };
}

/** Empty for a process that has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
