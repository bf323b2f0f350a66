import { onStopSignals } from './processes/stop-signals.ts';
import type { System } from './start-system.ts';

const EXIT_KILLED = 130;

/**
 * Starts a system and runs it until a signal: the first one stops it in order, a second one kills
 * it at once. Ends this process with code 0 after a stop, 130 after a kill, and 1 with the
 * message alone when the start fails.
 */
export async function runUntilSignal(
  start: (signal: AbortSignal) => Promise<System>,
  say: (line: string) => void,
): Promise<void> {
  const interrupt = new AbortController();
  let system: System | undefined;
  let isKilled = false;

  async function stop(): Promise<void> {
    say('Stopping (again to kill at once) …');
    interrupt.abort(new Error('interrupted'));
    if (system === undefined) return;
    await system.stop();
    // A stop that a kill made short is over at the same moment.
    if (isKilled) return;
    say('Stopped.');
    process.exit(0);
  }

  async function kill(): Promise<void> {
    isKilled = true;
    // What is still starting has no handle yet: the watchdog ends it with this process.
    await system?.kill();
    process.exit(EXIT_KILLED);
  }

  onStopSignals(
    () => void stop(),
    () => void kill(),
  );
  try {
    system = await start(interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) {
      say('Stopped.');
      process.exit(0);
    }
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
