import type { System } from './start-system.ts';

// A terminal, npm and the bootstrap may each pass on the same Ctrl-C.
const SAME_SIGNAL_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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
  let firstSignalAt: number | undefined;
  let exitCode = 0;

  async function onSignal(): Promise<void> {
    if (firstSignalAt !== undefined) {
      if (performance.now() - firstSignalAt < SAME_SIGNAL_MS) return;
      // What is still starting has no handle yet: the watchdog ends it with this process.
      exitCode = 130;
      await system?.kill();
      process.exit(exitCode);
    }
    firstSignalAt = performance.now();
    say('Stopping (again to kill at once) …');
    interrupt.abort(new Error('interrupted'));
    if (system === undefined) return;
    await system.stop();
    // A stop that a kill made short is over at the same moment.
    if (exitCode === 0) say('Stopped.');
    process.exit(exitCode);
  }

  for (const signal of SIGNALS) process.on(signal, () => void onSignal());
  // The bootstrap that started this process is gone, perhaps killed. That is never a second signal.
  process.once('disconnect', () => {
    if (firstSignalAt === undefined) void onSignal();
  });
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
