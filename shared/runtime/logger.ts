import { pino, type Logger } from 'pino';

export type { Logger };

const SECRET_PATHS = ['authorization', 'token', 'password', 'secret', '*.authorization', '*.token'];

/** JSON lines on standard output; secrets that reach a log call by name are redacted. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
