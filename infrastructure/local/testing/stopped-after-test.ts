import { onTestFinished } from 'vitest';

/** Waits for what starts and has it stopped after the test. */
export async function stoppedAfterTest<T extends { stop(): Promise<void> }>(
  starting: Promise<T>,
): Promise<T> {
  const started = await starting;
  onTestFinished(() => started.stop());
  return started;
}
