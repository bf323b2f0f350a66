import type { ProcessExit } from '../processes/guarded-process.ts';
import type { Program } from '../programs/programs.ts';

export interface ServerExit extends ProcessExit {
  /** Whether `stop()` had asked for it. */
  asked: boolean;
}

/** A server on 127.0.0.1 that this process started, with its port and data kept over restarts. */
export interface LocalServer {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /**
   * Number of the server's own process, `undefined` while it is down. For a container it is the
   * number on the Docker host, which on macOS is inside a virtual machine: use `kill()` there.
   */
  pid(): number | undefined;
  /** Ends it gracefully, by SIGKILL when that takes too long. Does nothing when it is down. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. Does nothing when it is down. */
  kill(): Promise<void>;
  /**
   * Starts it again on the same port with the same data; resolves when it answers.
   *
   * @throws PortTakenError, or Error with the end of its log when it does not come up
   */
  start(): Promise<void>;
  /** Calls `listener` each time the process has ended; returns a function that takes it off. */
  onExit(listener: (exit: ServerExit) => void): () => void;
}

/** What every server can be started with. */
export interface ServerOptions {
  /** Folder for the server's data; created when missing. */
  dataDir: string;
  /** TCP port of 127.0.0.1 (default: a free one). */
  port?: number;
  /** File that its output is appended to (default: `<name>.log` in the data folder). */
  log?: string;
  /** Receives progress lines, for instance when a program must be installed. */
  say?: (line: string) => void;
  /** The program to run instead of the one that is found or obtained. */
  program?: Program;
}
