import { claimRunFile, removeRunFile, type RunFile, writeRunFile } from './run-file.ts';
import { processIdentity } from './processes/process-table.ts';
import type { LocalServer } from './servers/local-server.ts';

/** The parts that run, and their record on disk. */
export interface RunRecord {
  readonly content: Readonly<RunFile>;
  add(part: LocalServer, log: string): void;
  /** @throws Error for an unknown name */
  part(name: string): LocalServer;
  /** Writes the process numbers anew; in the order of the calls. */
  changed(): void;
  /** Ends the record. */
  remove(): Promise<void>;
}

/**
 * Begins the record of a system's run.
 *
 * @throws AlreadyRunningError
 */
export async function beginRunRecord(file: string): Promise<RunRecord> {
  const content: RunFile = {
    launcher: processIdentity(process.pid) ?? String(process.pid),
    startedAt: new Date().toISOString(),
    urls: {},
    ports: {},
    pids: {},
    logs: {},
  };
  await claimRunFile(file, content);
  const parts = new Map<string, LocalServer>();
  let writing = Promise.resolve();

  function changed(): void {
    content.pids = {};
    for (const part of parts.values()) {
      const pid = part.pid();
      if (pid !== undefined) content.pids[part.name] = pid;
    }
    const now = structuredClone(content);
    writing = writing.then(() => writeRunFile(file, now));
  }

  return {
    content,
    add(part, log) {
      parts.set(part.name, part);
      content.urls[part.name] = part.url;
      content.ports[part.name] = part.port;
      content.logs[part.name] = log;
      changed();
    },
    part(name) {
      const part = parts.get(name);
      if (part !== undefined) return part;
      throw new Error(`no part is called ${name}; there are ${[...parts.keys()].join(', ')}`);
    },
    changed,
    async remove() {
      await writing;
      await removeRunFile(file);
    },
  };
}
