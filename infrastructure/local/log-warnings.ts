import { logSize, readLog } from './processes/log-file.ts';

const EVERY_MS = 500;
const SHOWN_AT_ONCE = 5;
const READ_AT_ONCE = 256 * 1024;
const WARN = 40;

/**
 * Follows a service's log of JSON lines and says its warnings and errors, a few at a time.
 *
 * @returns a function that ends it
 */
export function showWarnings(name: string, log: string, say: (line: string) => void): () => void {
  let seen = logSize(log);
  let rest = '';
  const timer = setInterval(() => {
    const size = logSize(log);
    // Started anew under the same name.
    if (size < seen) seen = 0;
    // After a flood only the newest part is worth reading.
    if (size - seen > READ_AT_ONCE) {
      seen = size - READ_AT_ONCE;
      rest = '';
    }
    if (size === seen) return;
    const lines = (rest + readLog(log, seen, size)).split('\n');
    seen = size;
    rest = lines.pop() ?? '';
    const warnings = lines.map(warningIn).filter((warning) => warning !== undefined);
    for (const warning of warnings.slice(0, SHOWN_AT_ONCE)) say(`${name}: ${warning}`);
    const more = warnings.length - SHOWN_AT_ONCE;
    if (more > 0) say(`${name}: ${more} more warnings in ${log}`);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** The message of a log line at level `warn` or above, with its error's message. */
export function warningIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { level, msg, err } = entry as { level?: unknown; msg?: unknown; err?: unknown };
  if (typeof level !== 'number' || level < WARN) return undefined;
  const cause = typeof err === 'object' && err !== null && 'message' in err ? err.message : '';
  return [msg, cause].filter((part) => typeof part === 'string' && part !== '').join(': ');
}
