import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../testing/secured-servers.ts';
import { PROGRAMS } from '../testing/service-variables.ts';

const ALL = ['api-gateway', 'broadcast-service', 'archival-worker'] as const;
const SERVICES = [...ALL, 'webhooks'] as const;
const REQUIRED = {
  JWT_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
  DATABASE_URL: 'postgres://127.0.0.1/outcry',
};

interface Row {
  readonly name: string;
  readonly services: readonly string[];
  /** Undefined where there is none, or where services differ. */
  readonly standard: string | undefined;
}

/** The table of variables in docs/configuration.md. */
function documented(): Row[] {
  const text = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');
  const rows = text.matchAll(/^\| `([A-Z_]+)` *\| ([a-z, -]+?) *\| (`[^`]*`|none) *\|/gm);
  return Array.from(rows, ([, name = '', services = '', standard = '']) => ({
    name,
    services: services.split(', ').flatMap((name) => (name === 'all' ? ALL : [name])),
    standard: standard === 'none' ? undefined : standard.replaceAll('`', ''),
  }));
}

test.each(SERVICES)('docs/configuration.md names every variable of %s, and no other', (service) => {
  const named = documented().filter(({ services }) => services.includes(service));
  expect(new Set(named.map(({ name }) => name))).toEqual(new Set(PROGRAMS[service]?.variables));
});

test.each(SERVICES)('the defaults of %s are the documented ones', (service) => {
  const settings = PROGRAMS[service]?.read(REQUIRED) ?? {};
  for (const { name, services, standard } of documented()) {
    if (standard === undefined || !services.includes(service)) continue;
    expect([name, String(Reflect.get(settings, name))]).toEqual([name, standard]);
  }
});
