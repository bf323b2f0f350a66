import type { Logger } from '@outcry/shared/runtime/logger.ts';

/**
 * True for a defect of the Postgres client (porsager/postgres issues 1154 and 1208, open as of
 * 3.4.9): a small write is put off to the next turn of the event loop and finds its socket gone.
 * It is thrown where no caller can catch it. Nothing is lost by it: the work it belonged to fails
 * by its time limit and is done again.
 */
export function isLostSocket(error: { name?: string; message?: string; stack?: string }): boolean {
  return (
    error.name === 'TypeError' &&
    error.message?.includes("reading 'write'") === true &&
    error.stack?.includes('nextWrite') === true
  );
}

/** Keeps the process alive through {@link isLostSocket}; any other uncaught error ends it. */
export function surviveLostSockets(log: Logger): void {
  process.on('uncaughtException', (error) => {
    if (isLostSocket(error)) {
      log.warn({ err: error }, 'a connection to Postgres was lost while writing');
      return;
    }
    log.fatal({ err: error }, 'an error nobody handled');
    process.exit(1);
  });
}
