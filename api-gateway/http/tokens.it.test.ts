/** Access tokens: what is accepted, and every known way to forge one. */
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { madeUserId } from '@outcry/shared/runtime/token-claims.ts';
import {
  call,
  newAuction,
  SECRET,
  startTestGateway,
  type TestGateway,
} from '../testing/test-gateway.ts';

const ISSUER = 'https://id.example.org';
const AUDIENCE = 'outcry';
const PATH = '/v1/auctions/a0-none/me';
const HOUR = 3_600;

let hs: TestGateway;
let keys: { private: CryptoKey; public: CryptoKey };
let identityProvider: Server;
let published: JWK[] = [];
let fetches = 0;
/** A gateway that trusts the identity provider's keys. */
let jwks: { url: string };
/** One that keeps the ids of users who signed in with that provider before. */
let plain: { url: string };

type Claims = { [Name in keyof JWTPayload]: JWTPayload[Name] | undefined };

/** This second, as tokens count time. */
const now = (): number => Math.floor(Date.now() / 1000);

/** Good claims, changed; an undefined one is left out. */
const claims = (change: Claims = {}): JWTPayload =>
  ownJson(
    JSON.stringify({
      sub: 'ann',
      roles: ['bidder'],
      iss: ISSUER,
      aud: AUDIENCE,
      exp: Math.floor(Date.now() / 1000) + HOUR,
      ...change,
    }),
  );
const secretKey = (secret: string): Uint8Array => new TextEncoder().encode(secret);
const signHs = (payload: JWTPayload, secret = SECRET): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(secretKey(secret));
const signRs = (payload: JWTPayload, key: CryptoKey, kid = 'key-1'): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
const status = async (at: { url: string }, token: string): Promise<number> =>
  (await call(at, 'GET', PATH, { token })).status;

const ACCEPTED = 404; // the caller is known, the auction is not
const REFUSED = 401;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  keys = { private: pair.privateKey, public: pair.publicKey };
  published = [{ ...(await exportJWK(pair.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' }];
  identityProvider = createServer((_request, response) => {
    fetches += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: published }));
  });
  const port = await listenLocally(identityProvider);
  hs = await startTestGateway({ JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE });
  const service = await hs.startAnother({
    AUTH_MODE: 'jwt',
    JWT_SECRET: '',
    JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
  });
  jwks = { url: `http://127.0.0.1:${service.port}` };
  const kept = await hs.startAnother({
    AUTH_MODE: 'jwt',
    JWT_SECRET: '',
    JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    JWT_PLAIN_ISSUER: ISSUER,
  });
  plain = { url: `http://127.0.0.1:${kept.port}` };
});
afterAll(async () => {
  identityProvider.close();
  await hs.stop();
});

describe('tokens signed with the shared secret', () => {
  test('are accepted when good', async () => {
    expect(await status(hs, await signHs(claims()))).toBe(ACCEPTED);
  });

  test.each(['auth0|64aa', 'a@b.c', 'ann|admin:x', 'é'.repeat(127)])(
    'are accepted for any subject: %s',
    async (sub) => {
      expect(await status(hs, await signHs(claims({ sub })))).toBe(ACCEPTED);
    },
  );

  const BAD: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['alg none', () => new UnsecuredJWT(claims()).encode()],
    ['another secret', () => signHs(claims(), 'another-secret-0123456789-0123456789')],
    ['expired', () => signHs(claims({ exp: now() - 60 }))],
    ['not yet valid', () => signHs(claims({ nbf: now() + 60 }))],
    ['another issuer', () => signHs(claims({ iss: 'https://evil.example.org' }))],
    ['another audience', () => signHs(claims({ aud: 'other' }))],
    ['no expiry', () => signHs(claims({ exp: undefined }))],
    ['no subject', () => signHs(claims({ sub: undefined }))],
    ['an empty subject', () => signHs(claims({ sub: '' }))],
    ['a subject of 256 bytes', () => signHs(claims({ sub: 'é'.repeat(128) }))],
    ['an empty string', () => ''],
    ['garbage', () => 'not.a.token'],
    ['a very long one', () => 'x'.repeat(9_000)],
    ['an RS256 token', async () => signRs(claims(), keys.private)],
  ];
  test.each(BAD)('401: %s', async (_what, make) => {
    expect(await status(hs, await make())).toBe(REFUSED);
  });

  test('a changed payload is refused though its first form was accepted a moment ago', async () => {
    const token = await signHs(claims());
    expect(await status(hs, token)).toBe(ACCEPTED);
    const [head, , signature] = token.split('.');
    const body = Buffer.from(JSON.stringify(claims({ roles: ['admin'] }))).toString('base64url');
    expect(await status(hs, `${head}.${body}.${signature}`)).toBe(REFUSED);
  });

  test('401: the same token written in another way', async () => {
    const token = await signHs(claims());
    expect(await status(hs, token)).toBe(ACCEPTED);
    const at = token.lastIndexOf('.') + 8;
    for (const other of [`${token}=`, `${token.slice(0, at)} ${token.slice(at)}`]) {
      expect(await status(hs, other)).toBe(REFUSED);
    }
  });

  test('a remembered token is refused once it has expired', async () => {
    // Tolerance for clocks is 5 s, so this one has 1 to 2 s left.
    const token = await signHs(claims({ exp: now() - 3 }));
    expect(await status(hs, token)).toBe(ACCEPTED);
    await expect.poll(() => status(hs, token), { timeout: 5_000 }).toBe(REFUSED);
  });
});

describe('a user with bids from before', () => {
  test('keeps them when an identity provider signs, where the operator says that it is the same', async () => {
    const id = await newAuction(hs);
    const bid = { token: await signHs(claims()), body: { maxAmount: 7_700 } };
    expect((await call(hs, 'POST', `/v1/auctions/${id}/bids`, bid)).status).toBe(201);
    const token = await signRs(claims(), keys.private);
    const own = async (at: { url: string }): Promise<unknown> =>
      (await call(at, 'GET', `/v1/auctions/${id}/me`, { token })).body;
    expect(await own(plain)).toMatchObject({ leading: true, maxAmount: 7_700, bidCount: 1 });
    expect(await own(jwks)).toMatchObject({ leading: false, maxAmount: null, bidCount: 0 });
    const me = async (at: { url: string }): Promise<unknown> =>
      (await call(at, 'GET', '/v1/me', { token })).body;
    expect(await me(plain)).toEqual({ id: 'ann', roles: ['bidder'] });
    expect(await me(jwks)).toEqual({ id: madeUserId(ISSUER, 'ann'), roles: ['bidder'] });
  });
});

describe('tokens signed by an identity provider', () => {
  test('are accepted when good, and the keys are fetched once', async () => {
    for (let i = 0; i < 5; i += 1) {
      expect(await status(jwks, await signRs(claims({ jti: `${i}` }), keys.private))).toBe(
        ACCEPTED,
      );
    }
    // By each of the two gateways that have them from there.
    expect(fetches).toBe(2);
  });

  test('401: HS256 with the public key as secret (algorithm confusion)', async () => {
    const spki = await exportSPKI(keys.public);
    expect(await status(jwks, await signHs(claims(), spki))).toBe(REFUSED);
    expect(await status(jwks, await signHs(claims(), JSON.stringify(published[0])))).toBe(REFUSED);
  });

  test('401: unknown key id, another key, alg none', async () => {
    const other = await generateKeyPair('RS256');
    expect(await status(jwks, await signRs(claims(), keys.private, '../../etc/passwd'))).toBe(
      REFUSED,
    );
    expect(await status(jwks, await signRs(claims(), other.privateKey))).toBe(REFUSED);
    expect(await status(jwks, new UnsecuredJWT(claims()).encode())).toBe(REFUSED);
  });
});

describe('a rotated key', () => {
  test('is fetched when a token names it; the old one is refused once it is withdrawn', async () => {
    const next = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(next.publicKey)), kid: 'key-2', alg: 'RS256', use: 'sig' };
    published = [jwk];
    const token = await signRs(claims(), next.privateKey, 'key-2');
    await expect.poll(() => status(jwks, token), { timeout: 10_000 }).toBe(ACCEPTED);
    const old = await signRs(claims({ jti: 'after rotation' }), keys.private);
    expect(await status(jwks, old)).toBe(REFUSED);
  });
});

describe('the server', () => {
  test('431 for a flood of headers', async () => {
    const response = await fetch(`${hs.url}/healthz`, {
      headers: { 'x-flood': 'x'.repeat(20_000) },
    });
    expect(response.status).toBe(431);
  });

  test('a sender who never finishes the headers is cut off', { timeout: 30_000 }, async () => {
    const socket = connect(Number(new URL(hs.url).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer === '' || answer.startsWith('HTTP/1.1 408')).toBe(true);
  });

  test('no stack trace and no program name in any answer', async () => {
    const answer = await call(hs, 'GET', '/v1/auctions?cursor=%00');
    expect(JSON.stringify(answer.body)).not.toMatch(/at \w+ \(|node_modules/);
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a foreign origin gets no CORS permission', async () => {
    const response = await fetch(`${hs.url}/v1/auctions`, {
      headers: { origin: 'https://evil.example.org' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
