/** What the figures were measured on. */
import { fsyncSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

export interface Processors {
  readonly cpuModel: string;
  readonly cpus: number;
}

export interface Machine extends Processors {
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Versions of the servers that were used, by name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Appending a block to a file and having it on disk, median. */
  readonly fsyncMs: number;
}

const FSYNCS = 100;
const BLOCK = Buffer.alloc(4_096);
const GIB = 1024 ** 3;

export const processors = (): Processors => ({
  cpuModel: cpus()[0]?.model.trim() ?? 'unknown CPU',
  cpus: availableParallelism(),
});

/**
 * @param folder on the disk whose speed matters
 * @param servers versions by name
 */
export function describeMachine(
  folder: string,
  servers: Readonly<Record<string, string>>,
): Machine {
  return {
    ...processors(),
    memoryGib: Math.round(totalmem() / GIB),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    servers,
    fsyncMs: fsyncTime(folder),
  };
}

function fsyncTime(folder: string): number {
  const path = join(folder, 'fsync');
  const file = openSync(path, 'a');
  try {
    const times = Array.from({ length: FSYNCS }, () => {
      const from = performance.now();
      writeSync(file, BLOCK);
      fsyncSync(file);
      return performance.now() - from;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
