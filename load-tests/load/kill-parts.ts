/** Kills each part that bids must not depend on, one after the other. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PartName, WholeSystem } from '../system/whole-system.ts';

const KILLED: readonly PartName[] = ['nats', 'postgres', 'archival-worker', 'broadcast-service'];

/** While this lasted a part was dead; ms since 1970. */
export interface FaultWindow {
  readonly part: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface KillPlan {
  /** Healthy time before the first turn. */
  readonly afterMs: number;
  /** For all turns together. */
  readonly forMs: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Divides the time into equal turns, one a part: healthy for a third of it, dead for a third, back
 * for a third.
 *
 * @returns when each part was dead
 * @throws Error when a part does not come back; the signal's reason
 */
export async function killPartsInTurn(
  system: WholeSystem,
  { afterMs, forMs, say, signal }: KillPlan,
): Promise<FaultWindow[]> {
  const windows: FaultWindow[] = [];
  const begin = performance.now() + afterMs;
  const until = (turns: number): Promise<void> => {
    const dueAt = begin + (turns * forMs) / KILLED.length;
    return pause(Math.max(0, dueAt - performance.now()), undefined, { signal });
  };
  for (const [turn, part] of KILLED.entries()) {
    await until(turn + 1 / 3);
    say(`kill -9 of ${part}`);
    const fromMs = Date.now();
    await system.part(part).kill();
    await until(turn + 2 / 3);
    await system.startPart(part);
    windows.push({ part, fromMs, toMs: Date.now() });
    say(`${part} is back`);
  }
  return windows;
}
