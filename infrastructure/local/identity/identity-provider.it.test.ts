/** The program that `npm start -- --oidc` runs beside the services. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createNodeService, waitUntilReady } from '../node-service.ts';
import { IDENTITY_PROVIDER } from '../parts.ts';
import { freePort } from '../processes/ports.ts';
import { WEB_CLIENT } from './registration.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

test('runs as a part of the system, lets the web app in, and asks who it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-identity-'));
  const port = await freePort();
  const log = join(folder, 'identity.log');
  const { name, args, healthPath, readyPath } = IDENTITY_PROVIDER;
  const ports = { web: 8000, [name]: port };
  const addresses = {
    redisUrl: '',
    natsUrl: '',
    databaseUrl: '',
    jwtSecret: '',
    serviceSecret: '',
  };
  const env = { PATH: process.env['PATH'], PORT: `${port}` };
  const part = createNodeService({
    name,
    args: args(port),
    cwd: ROOT,
    env: { ...env, ...IDENTITY_PROVIDER.env({ ...addresses, ports }) },
    port,
    log,
    healthPath,
  });
  try {
    await part.start();
    await waitUntilReady(part, { path: readyPath, log, withinMs: 20_000 });
    const issuer = `http://localhost:${port}`;
    const known: unknown = await (await fetch(`${issuer}${readyPath}`)).json();
    expect(known).toMatchObject({ issuer, jwks_uri: `${issuer}/jwks` });
    const query = new URLSearchParams({
      client_id: WEB_CLIENT,
      response_type: 'code',
      scope: 'openid profile',
      redirect_uri: 'http://localhost:8000/signed-in',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const asked = await fetch(`${issuer}/auth?${query}`, { redirect: 'manual' });
    expect([asked.status, asked.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/people\//),
    ]);
    query.set('redirect_uri', 'https://evil.example.org/signed-in');
    expect((await fetch(`${issuer}/auth?${query}`, { redirect: 'manual' })).status).toBe(400);
  } finally {
    await part.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
