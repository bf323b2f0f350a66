import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { AUDIENCE, WEB_CLIENT } from './identity/registration.ts';
import { type Addresses, publicUrl, type ServicePart } from './parts.ts';

/**
 * The environment of one service.
 *
 * @param outer environment of the launcher; its rate limits, log level and host win
 */
export function serviceEnvironment(
  part: ServicePart,
  addresses: Addresses,
  outer: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const webPort = addresses.ports['web'];
  return {
    // No demo and no benchmark of one machine meets these limits.
    RATE_LIMIT_USER_PER_S: '100000',
    MAX_PER_SELLER: '100000',
    RATE_LIMIT_ADDRESS_PER_S: '100000',
    MAX_VIEWERS_PER_ADDRESS: '0',
    // Who tries it out wants to see proofs, and has this long to remove a bidder after the end.
    SEAL_AFTER_SECONDS: '5',
    LOG_LEVEL: 'info',
    // Anyone may get a token here: nobody but this machine may ask.
    HOST: '127.0.0.1',
    ...withoutServerUrls(outer),
    NODE_ENV: 'development',
    ...signIn(addresses),
    SHARDS: outer['SHARDS'] ?? '16',
    PORT: String(addresses.ports[part.name]),
    ...(webPort !== undefined && {
      CORS_ORIGINS: outer['CORS_ORIGINS'] ?? `${publicUrl(webPort)},http://127.0.0.1:${webPort}`,
    }),
    ...part.env(addresses),
  };
}

/** How tokens are checked, whatever the outer environment says: its parts would contradict these. */
function signIn({ issuer, jwtSecret }: Addresses): NodeJS.ProcessEnv {
  const claims = { JWT_USER_CLAIM: '', JWT_ROLES_CLAIM: '', JWT_ROLE_MAP: '' };
  if (issuer === undefined) {
    return { ...claims, AUTH_MODE: 'dev', JWT_SECRET: jwtSecret, JWT_JWKS_URL: '' };
  }
  return {
    ...claims,
    AUTH_MODE: 'jwt',
    JWT_SECRET: '',
    JWT_JWKS_URL: `${issuer}/jwks`,
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: AUDIENCE,
    OIDC_CLIENT_ID: WEB_CLIENT,
    OIDC_SCOPES: 'openid profile',
  };
}

/**
 * A secret of this machine's services: the given one, else one that is made once and kept
 * in a file that only its owner reads.
 */
export async function keptSecret(file: string, given = ''): Promise<string> {
  if (given !== '') return given;
  try {
    await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFile(file, 'utf8');
}

// A service gets only the servers that it may use: the gateway none of Postgres.
function withoutServerUrls(outer: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { REDIS_URL: _redis, NATS_URL: _nats, DATABASE_URL: _database, ...others } = outer;
  return others;
}
