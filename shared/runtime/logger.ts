import { pino, type Logger } from 'pino';

export type { Logger };

const SECRET_PATHS = ['authorization', 'token', 'password', 'secret', '*.authorization', '*.token'];

/**
 * JSON lines on standard output; secrets that reach a log call by name are redacted.
 * @param level an unknown one counts as `info`: the service names it among the mistakes of its
 *   configuration, and needs a logger for that
 */
export function createLogger(service: string, level: string): Logger {
  const isKnown = level === 'silent' || Object.hasOwn(pino.levels.values, level);
  return pino({
    level: isKnown ? level : 'info',
    base: { service },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
