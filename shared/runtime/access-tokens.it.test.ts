/** Tokens checked with an issuer's published keys, as these come, go and cannot be fetched. */
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { createTokenVerifier, TokenError, type VerifyToken } from './access-tokens.ts';
import { commonSettings } from './config.ts';
import { createLogger } from './logger.ts';
import { TokenKeysUnavailableError } from './token-keys.ts';

const HOUR_MS = 60 * 60 * 1_000;

let issuer: Server;
let url: string;
let published: JWK[];
let fetches: number;
let answersWith: 200 | 503;

beforeEach(async () => {
  [published, fetches, answersWith] = [[], 0, 200];
  issuer = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(answersWith, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ keys: published }));
  });
  url = `http://127.0.0.1:${await listenLocally(issuer)}/keys`;
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  issuer.close();
});

interface Signer {
  readonly jwk: JWK;
  readonly sign: (userId: string) => Promise<string>;
}

async function signer(kid: string): Promise<Signer> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' };
  return { jwk, sign: (userId) => sign(userId, kid, pair.privateKey) };
}

const sign = (userId: string, kid: string, key: CryptoKey, alg = 'ES256'): Promise<string> =>
  new SignJWT({ roles: ['bidder'] })
    .setProtectedHeader({ alg, kid })
    .setSubject(userId)
    .setExpirationTime('12h')
    .sign(key);

const verifier = (): Promise<VerifyToken> =>
  createTokenVerifier(
    {
      ...commonSettings.parse({}),
      JWT_JWKS_URL: url,
    },
    createLogger('test', 'silent'),
  );

/** The caller's id, or the kind of refusal. */
async function outcome(verify: VerifyToken, token: string): Promise<unknown> {
  try {
    return (await verify(token)).userId;
  } catch (error) {
    return (error as Error).constructor;
  }
}

describe('a withdrawn key', () => {
  test('ends the tokens that were checked before, and no others', async () => {
    const [old, next] = [await signer('old'), await signer('next')];
    published = [old.jwk, next.jwk];
    const verify = await verifier();
    const [ofOld, ofNext] = [await old.sign('ann'), await next.sign('bob')];
    expect([await outcome(verify, ofOld), await outcome(verify, ofNext)]).toEqual(['ann', 'bob']);
    published = [next.jwk];
    expect(await outcome(verify, ofOld)).toBe('ann');
    vi.advanceTimersByTime(3 * 60_000);
    expect(await outcome(verify, ofOld)).toBe(TokenError);
    expect(await outcome(verify, ofNext)).toBe('bob');
    expect(fetches).toBe(2);
  });
});

describe('an issuer that does not answer', () => {
  test('is asked less and less often, whatever tokens come', async () => {
    const [known, unknown] = [await signer('known'), await signer('unknown')];
    published = [known.jwk];
    const verify = await verifier();
    const good = await known.sign('ann');
    expect(await outcome(verify, good)).toBe('ann');
    answersWith = 503;
    vi.advanceTimersByTime(10_000);
    const before = fetches;
    const tokens = await Promise.all(Array.from({ length: 300 }, (_, i) => unknown.sign(`u${i}`)));
    for (const token of tokens) {
      // A minute in all.
      vi.advanceTimersByTime(200);
      expect(await outcome(verify, token)).toBe(TokenKeysUnavailableError);
    }
    // After at least half of 1, 2, 4, 8, 16, 30, 30 and 30 s.
    expect(fetches - before).toBeLessThanOrEqual(8);
    // Who is known bids on.
    expect(await outcome(verify, await known.sign('bob'))).toBe('bob');
    answersWith = 200;
    published = [known.jwk, unknown.jwk];
    vi.advanceTimersByTime(60_000);
    expect(await outcome(verify, tokens[0] ?? '')).toBe('u0');
  });

  test('is not relied on for longer than an hour', async () => {
    const known = await signer('known');
    published = [known.jwk];
    const verify = await verifier();
    const token = await known.sign('ann');
    answersWith = 503;
    vi.advanceTimersByTime(HOUR_MS - 60_000);
    expect(await outcome(verify, token)).toBe('ann');
    vi.advanceTimersByTime(120_000);
    expect(await outcome(verify, token)).toBe(TokenKeysUnavailableError);
  });

  test('does not keep a service from its start', async () => {
    answersWith = 503;
    const verify = await verifier();
    const known = await signer('known');
    published = [known.jwk];
    expect(await outcome(verify, await known.sign('ann'))).toBe(TokenKeysUnavailableError);
    answersWith = 200;
    vi.advanceTimersByTime(2_000);
    expect(await outcome(verify, await known.sign('ann'))).toBe('ann');
  });
});

describe('a key that is too small', () => {
  const SMALL = { kty: 'RSA', n: Buffer.alloc(128, 255).toString('base64url'), e: 'AQAB' };

  test('is left out: its tokens are refused, those of others are not', async () => {
    const good = await signer('good');
    published = [{ ...SMALL, kid: 'small', alg: 'RS256' }, good.jwk];
    const verify = await verifier();
    const { privateKey } = await generateKeyPair('RS256');
    expect(await outcome(verify, await sign('ann', 'small', privateKey, 'RS256'))).toBe(TokenError);
    expect(await outcome(verify, await good.sign('bob'))).toBe('bob');
  });

  test('alone keeps a service from its start', async () => {
    published = [{ ...SMALL, kid: 'small' }];
    await expect(verifier()).rejects.toThrow(/no key that can be used/);
  });
});
