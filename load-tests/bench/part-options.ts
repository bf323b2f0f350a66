import type { LocalServer } from '@outcry/local/servers/local-server.ts';

/** Of every Redis that is measured. */
export const BENCH_SHARDS = 16;

/** What a part of the stage with servers of its own is opened with. */
export interface PartOptions {
  readonly folder: string;
  /** Called with each server as it is started, so that it is stopped in the end. */
  readonly started: (server: LocalServer) => void;
  readonly say: (line: string) => void;
}
