/** A terminal, npm and the bootstrap may each pass on the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;

/**
 * @param stop called once: at the first SIGINT, SIGTERM or SIGHUP, or when the bootstrap that started
 *   this process is gone
 * @param endNow called at a further signal
 */
export function onStopSignals(stop: () => void, endNow: () => void): void {
  let stoppedAt: number | undefined;
  const onSignal = (): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stop();
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MS) endNow();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  process.once('disconnect', () => {
    if (stoppedAt === undefined) onSignal();
  });
}
