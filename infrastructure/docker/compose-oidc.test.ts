/** The Compose file that adds Keycloak, against what the services and Keycloak's realm are told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../testing/secured-servers.ts';
import { environmentFaults } from '../testing/service-variables.ts';

const FOLDER = join(ROOT, 'infrastructure/docker');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

const file = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()).default([]),
    }),
  ),
});
const added = file.parse(parse(read('compose.oidc.yaml'), { merge: true })).services;
const base = z
  .object({ services: z.record(z.string(), z.unknown()) })
  .parse(parse(read('compose.yaml'), { merge: true })).services;

const realm = z
  .object({
    realm: z.string(),
    users: z.array(z.object({ username: z.string(), realmRoles: z.array(z.string()) })),
    clients: z.array(
      z.object({
        clientId: z.string(),
        redirectUris: z.array(z.string()).optional(),
        protocolMappers: z.array(z.object({ config: z.record(z.string(), z.string()) })),
      }),
    ),
  })
  .parse(JSON.parse(read('keycloak-realm.json')));

/** What a service has from elsewhere, as far as it must be there. */
const SECRETS = {
  JWT_SECRET: 'from-the-secrets-from-the-secrets-1234',
  SERVICE_SECRET: 'from-the-secrets-from-the-secrets-5678',
  DATABASE_URL: 'postgres://postgres/outcry',
};

test.each([
  ['gateway-1', 'api-gateway'],
  ['gateway-2', 'api-gateway'],
  ['broadcaster-1', 'broadcast-service'],
  ['broadcaster-2', 'broadcast-service'],
  ['worker-1', 'archival-worker'],
  ['worker-2', 'archival-worker'],
])('%s is one of the system’s, and reads its settings without a complaint', (name, program) => {
  expect(base).toHaveProperty(name);
  const { DATABASE_URL, SERVICE_SECRET, ...others } = SECRETS;
  const own = program === 'archival-worker' ? { DATABASE_URL } : { SERVICE_SECRET };
  const environment = { ...others, ...own, ...added[name]?.environment };
  expect(environmentFaults(program, environment)).toEqual([]);
});

test('the realm is the one that the services trust, and its client theirs', () => {
  const { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL, OIDC_CLIENT_ID } =
    added['gateway-1']?.environment ?? {};
  expect(JWT_ISSUER?.endsWith(`/realms/${realm.realm}`)).toBe(true);
  expect(JWT_JWKS_URL).toContain(`/realms/${realm.realm}/`);
  expect(added['web']?.environment['WEB_CONNECT_TO']).toBe(new URL(JWT_ISSUER ?? '').origin);
  expect(added['keycloak']?.environment['KC_HOSTNAME']).toBe(new URL(JWT_ISSUER ?? '').origin);
  const client = realm.clients.find(({ clientId }) => clientId === OIDC_CLIENT_ID);
  expect(client?.redirectUris).toEqual(['http://localhost:8080/signed-in']);
  for (const { protocolMappers } of realm.clients) {
    expect(protocolMappers[0]?.config['included.custom.audience']).toBe(JWT_AUDIENCE);
  }
});

test('there are a bidder, a seller, an admin and a machine, and the image has an exact version', () => {
  expect(realm.users.map(({ username, realmRoles }) => [username, realmRoles.join()])).toEqual([
    ['bea', 'bidder'],
    ['sam', 'bidder,seller'],
    ['ada', 'bidder,admin'],
    ['service-account-outcry-machine', 'seller'],
  ]);
  expect(added['keycloak']?.image).toMatch(/:\d+\.\d+\.\d+$/);
});
