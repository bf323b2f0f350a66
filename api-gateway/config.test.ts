import { describe, expect, test } from 'vitest';
import { gatewaySettings, publicAuth } from './config.ts';

const GOOD = { JWT_SECRET: 'x'.repeat(32) };
const ISSUER = { JWT_JWKS_URL: 'https://id.example.org/keys' };

describe('what browsers are told of signing in', () => {
  test('is nothing secret, and only where people sign in here', () => {
    const { JWT_JWKS_URL } = ISSUER;
    const named = { JWT_JWKS_URL, JWT_ISSUER: 'https://id.example.org', JWT_AUDIENCE: 'outcry' };
    const told = publicAuth(gatewaySettings({ ...named, OIDC_CLIENT_ID: 'outcry-web' }));
    expect(told).toEqual({
      mode: 'oidc',
      issuer: 'https://id.example.org',
      clientId: 'outcry-web',
      scopes: 'openid profile offline_access',
    });
    expect(publicAuth(gatewaySettings(named))).toEqual({ mode: 'jwt' });
    expect(publicAuth(gatewaySettings({ ...GOOD, AUTH_MODE: 'dev' }))).toEqual({ mode: 'dev' });
  });
});

describe('the gateway settings', () => {
  test('have defaults for everything but the key of tokens', () => {
    expect(gatewaySettings(GOOD)).toMatchObject({ PORT: 8080, SHARDS: 16, AUTH_MODE: 'jwt' });
  });

  test('may name several nodes of a Redis Cluster', () => {
    const REDIS_URL = 'redis://a:6379,redis://b:6379';
    const settings = gatewaySettings({ ...GOOD, REDIS_CLUSTER: 'true', REDIS_URL });
    expect(settings.REDIS_URL).toBe(REDIS_URL);
  });

  test('report every mistake at once, and no values', () => {
    const wrong = { ...GOOD, PORT: 'eighty', SHARDS: '0', REDIS_URL: 'http://secret@host' };
    expect(() => gatewaySettings(wrong)).toThrow(/3 mistake/);
    try {
      gatewaySettings(wrong);
    } catch (error) {
      const text = String(error);
      for (const name of ['PORT', 'SHARDS', 'REDIS_URL']) expect(text).toContain(name);
      expect(text).not.toContain('secret@host');
    }
  });

  test('report what is missing beside what is wrong', () => {
    const wrong = { LOG_LEVEL: 'loud', REDIS_URL: 'redis://a:1,redis://b:2', AUTH_MODE: 'dev' };
    expect(() => gatewaySettings(wrong)).toThrow(/4 mistake/);
    for (const name of ['LOG_LEVEL', 'REDIS_URL', 'JWT_SECRET or JWT_JWKS_URL', 'AUTH_MODE=dev']) {
      expect(() => gatewaySettings(wrong)).toThrow(name);
    }
  });

  test.each([
    ['no key at all', {}],
    ['a weak secret', { JWT_SECRET: 'short' }],
    ['two keys', { ...GOOD, JWT_JWKS_URL: 'https://id.example.org/keys' }],
    ['a second Redis without a cluster', { ...GOOD, REDIS_URL: 'redis://a:1,redis://b:2' }],
    ['an environment written in another way', { ...GOOD, NODE_ENV: 'Production' }],
    ['keys in a file', { JWT_JWKS_URL: 'file:///etc/keys.json' }],
    ['unsigned tokens', { ...ISSUER, JWT_ALGORITHMS: 'none,RS256' }],
    ['a public key as a secret', { ...ISSUER, JWT_ALGORITHMS: 'RS256,HS256' }],
    ['a list of no algorithms', { ...ISSUER, JWT_ALGORITHMS: ',' }],
    ['algorithms that a secret does not have', { ...GOOD, JWT_ALGORITHMS: 'RS256' }],
    ['an origin with a path', { ...GOOD, CORS_ORIGINS: 'https://example.org/' }],
    ['an address that is no web page', { ...GOOD, PUBLIC_HISTORY_URL: 'javascript:alert(1)' }],
    ['a role that does not exist', { ...GOOD, JWT_ROLE_MAP: 'staff=owner' }],
    ['a map without names', { ...GOOD, JWT_ROLE_MAP: '=admin' }],
    ['a map of nothing', { ...GOOD, JWT_ROLE_MAP: 'admin' }],
    ['default roles that do not exist', { ...GOOD, JWT_DEFAULT_ROLES: 'bidder,owner' }],
    ['dev tokens of another form', { ...GOOD, AUTH_MODE: 'dev', JWT_USER_CLAIM: 'oid' }],
    [
      'a sign-in that checks no audience',
      { ...ISSUER, OIDC_CLIENT_ID: 'w', JWT_ISSUER: 'https://id.example.org' },
    ],
    ['a sign-in beside dev tokens', { ...GOOD, AUTH_MODE: 'dev', OIDC_CLIENT_ID: 'w' }],
    ['dev mode in production', { ...GOOD, AUTH_MODE: 'dev', NODE_ENV: 'production' }],
    ['no word for the broadcaster in production', { ...GOOD, NODE_ENV: 'production' }],
    [
      'dev mode without a secret',
      { AUTH_MODE: 'dev', JWT_JWKS_URL: 'https://id.example.org/keys' },
    ],
  ])('are refused with %s', (_what, environment) => {
    expect(() => gatewaySettings(environment)).toThrow(/cannot start/);
  });
});
