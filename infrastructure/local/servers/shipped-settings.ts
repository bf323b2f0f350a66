/** The servers' configuration files that ship: what is started here has the same settings. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PLACES = {
  redis: '../../docker/redis.conf',
  'redis-cluster': '../../k8s/servers/redis.conf',
  nats: '../../docker/nats.conf',
  postgres: '../../docker/postgres.conf',
} as const;

/** The text of a file. */
export function shippedFile(server: keyof typeof PLACES): string {
  return readFileSync(fileURLToPath(new URL(PLACES[server], import.meta.url)), 'utf8');
}

/** Settings by name, of a file with one setting a line: `name value` or `name = 'value'`. */
export function shippedSettings(
  server: Exclude<keyof typeof PLACES, 'nats'>,
): Record<string, string> {
  const lines = shippedFile(server).matchAll(/^([\w-]+)(?: *= *| +)(.*)$/gm);
  return Object.fromEntries(
    Array.from(lines, ([, name = '', value = '']) => [name, value.replaceAll(/^["']|["']$/g, '')]),
  );
}
