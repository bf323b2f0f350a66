/** Processes that mean harm, and one that they can harm instead, for tests and measurements. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AttackReport } from './attack-kinds.ts';

const ATTACKERS = new URL('attackers.ts', import.meta.url);
const BARE_TARGET = new URL('bare-target.ts', import.meta.url);
const REPORT_LIMIT_MS = 10_000;

/** Attacks a broadcaster from a process of its own. */
export class Attack {
  readonly #process: ChildProcess;

  private constructor(attackers: ChildProcess) {
    this.#process = attackers;
  }

  /**
   * Resolves when attacks have begun.
   * @param kinds of `ATTACKS`; none for all, in turns
   */
  static async begin(
    url: string,
    auctionId: string,
    perSecond: number,
    kinds: readonly string[] = [],
  ): Promise<Attack> {
    const attack = new Attack(start(ATTACKERS, [url, auctionId, `${perSecond}`, ...kinds]));
    try {
      while ((await attack.report()).tried === 0);
    } catch (error) {
      await attack.end();
      throw error;
    }
    return attack;
  }

  /** What was done since the last report. @throws Error when the attackers have ended */
  async report(): Promise<AttackReport> {
    const signal = AbortSignal.timeout(REPORT_LIMIT_MS);
    const answer = once(this.#process, 'message', { signal });
    this.#process.send('report');
    const [report] = (await answer) as [AttackReport];
    return report;
  }

  end(): Promise<void> {
    return kill(this.#process);
  }
}

/** Something else to attack: what that costs honest viewers is no broadcaster's fault. */
export interface BareTarget {
  readonly url: string;
  readonly pid: number | undefined;
  end(): Promise<void>;
}

export async function startBareTarget(): Promise<BareTarget> {
  const target = start(BARE_TARGET, []);
  const signal = AbortSignal.timeout(REPORT_LIMIT_MS);
  try {
    const [port] = (await once(target, 'message', { signal })) as [number];
    return { url: `http://127.0.0.1:${port}`, pid: target.pid, end: () => kill(target) };
  } catch (error) {
    await kill(target);
    throw error;
  }
}

const start = (file: URL, args: readonly string[]): ChildProcess =>
  fork(fileURLToPath(file), args, {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });

async function kill(child: ChildProcess): Promise<void> {
  // A terminal's Ctrl-C ends it too.
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
