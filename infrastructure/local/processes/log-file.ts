import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const KEPT_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;

/**
 * Opens a log file for appending and returns its descriptor. One that has grown over 16 MiB is
 * first moved to `<file>.old`, which bounds the space that logs take over many starts.
 */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > KEPT_BYTES) {
    renameSync(file, `${file}.old`);
  }
  return openSync(file, 'a');
}

/** What was written to a log file from byte `from` on, at most its last 8 KiB; '' without a file. */
export function logTail(file: string, from = 0): string {
  const size = logSize(file);
  return size === 0 ? '' : readLog(file, Math.max(from, size - TAIL_BYTES), size);
}

/** The bytes of a log file from `from` to `to`. */
export function readLog(file: string, from: number, to: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, to - from));
    const length = readSync(descriptor, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** Size of a log file in bytes, 0 when there is none. */
export function logSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
