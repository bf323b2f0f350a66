/** Environment variables, parsed once per service; every mistake is reported at once. */
import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

const MIN_SECRET_CHARACTERS = 32;

/** `0`/`1`, `true`/`false`. */
export const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');

/** A comma-separated list; empty parts are dropped. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

export const ROLE_NAMES = ['bidder', 'seller', 'admin'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];
const roleName = z.enum(ROLE_NAMES);

/** `theirs=ours`, joined by commas; a name may be there twice, and have `=` in it. */
const roleMap = list
  .transform((pairs) =>
    pairs.map((pair) => [
      pair.slice(0, Math.max(0, pair.lastIndexOf('='))),
      pair.slice(pair.lastIndexOf('=') + 1),
    ]),
  )
  .pipe(z.array(z.tuple([z.string().min(1), roleName])).min(1));

/** An address over HTTP. */
export const webUrl = z.url({ protocol: /^https?$/ });

const isOrigin = (text: string): boolean =>
  text === '*' || (URL.canParse(text) && new URL(text).origin === text);

const isRedisUrl = (text: string): boolean =>
  z.url({ protocol: /^rediss?$/ }).safeParse(text).success;

/** Requests per second; 0 turns the limit off. */
export const rateLimits = {
  RATE_LIMIT_USER_PER_S: z.coerce.number().int().min(0).default(20),
  RATE_LIMIT_ADDRESS_PER_S: z.coerce.number().int().min(0).default(200),
};

/** Proxies in front of a service that append to X-Forwarded-For. */
export const trustedProxies = z.coerce.number().int().min(0).max(8).default(0);

/** What gateway and broadcaster know each other by; a variable of these two. */
export const serviceSecret = z.string().min(MIN_SECRET_CHARACTERS).optional();

/** Without it the bids of all who bid over a socket share one address's limit. */
export const hasServiceSecret = (given: {
  readonly NODE_ENV: string;
  readonly SERVICE_SECRET?: string | undefined;
}): boolean => given.NODE_ENV !== 'production' || given.SERVICE_SECRET !== undefined;

export const SERVICE_SECRET_MISSING = {
  path: ['SERVICE_SECRET'],
  message: 'must be set in production, to the same for gateway and broadcaster',
};

/** Variables that every service reads. */
export const commonSettings = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  HOST: z.string().default('0.0.0.0'),
  /** With REDIS_CLUSTER several nodes may be named, joined by commas; see `openRedisOrCluster`. */
  REDIS_URL: z
    .string()
    .refine((text) => text.split(',').every(isRedisUrl), 'must be redis:// or rediss:// URLs')
    .default('redis://127.0.0.1:6379'),
  REDIS_CLUSTER: flag.default(false),
  SHARDS: z.coerce.number().int().min(1).max(4096).default(16),
  AUTH_MODE: z.enum(['dev', 'jwt']).default('jwt'),
  JWT_SECRET: z.string().optional(),
  JWT_JWKS_URL: webUrl.optional(),
  JWT_ALGORITHMS: list.refine((names) => names.length > 0, 'names no algorithm').optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_USER_CLAIM: z.string().default('sub'),
  /** Whose subjects are user ids as they stand; see `userIdOf`. */
  JWT_PLAIN_ISSUER: z.string().optional(),
  JWT_ROLES_CLAIM: z.string().default('roles'),
  JWT_ROLE_MAP: roleMap.optional(),
  JWT_DEFAULT_ROLES: list
    .transform((names) => (names.join() === 'none' ? [] : names))
    .pipe(z.array(roleName))
    .default(['bidder']),
  CORS_ORIGINS: list
    .refine(
      (origins) => origins.every(isOrigin),
      'must be origins such as https://example.org, or *',
    )
    .default([]),
  /** Where traces go (OTLP over HTTP, without `/v1/traces`); unset: no traces. */
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl.optional(),
});
export type CommonSettings = z.infer<typeof commonSettings>;

/** Names every mistake in the environment, one a line. */
export class ConfigError extends Error {
  constructor(service: string, mistakes: readonly string[]) {
    super(
      `${service} cannot start: ${mistakes.length} mistake(s) in its configuration\n  - ${mistakes.join('\n  - ')}`,
    );
    this.name = 'ConfigError';
  }
}

function addressMistakes({ REDIS_URL, REDIS_CLUSTER }: Environment): string[] {
  const isCluster = flag.safeParse(REDIS_CLUSTER).data === true;
  if (isCluster || REDIS_URL?.includes(',') !== true) return [];
  return ['REDIS_URL may name several nodes only with REDIS_CLUSTER=true'];
}

function authMistakes(given: Environment): string[] {
  const mistakes: string[] = [];
  const { JWT_SECRET: secret, JWT_JWKS_URL: jwksUrl } = given;
  if (secret === undefined && jwksUrl === undefined) {
    mistakes.push('JWT_SECRET or JWT_JWKS_URL must be set');
  }
  if (secret !== undefined && jwksUrl !== undefined) {
    mistakes.push('set only one of JWT_SECRET and JWT_JWKS_URL');
  }
  if (secret !== undefined && secret.length < MIN_SECRET_CHARACTERS) {
    mistakes.push(`JWT_SECRET must have at least ${MIN_SECRET_CHARACTERS} characters`);
  }
  if (given['AUTH_MODE'] === 'dev' && secret === undefined) {
    mistakes.push('AUTH_MODE=dev needs JWT_SECRET');
  }
  if (given['NODE_ENV'] === 'production' && given['AUTH_MODE'] === 'dev') {
    mistakes.push('AUTH_MODE=dev is not allowed with NODE_ENV=production');
  }
  if (given['AUTH_MODE'] === 'dev' && OF_ISSUERS.some((name) => given[name] !== undefined)) {
    mistakes.push(`AUTH_MODE=dev makes tokens of its own form, without ${OF_ISSUERS.join(', ')}`);
  }
  const algorithms = list.safeParse(given['JWT_ALGORITHMS'] ?? '').data ?? [];
  if (given['JWT_ALGORITHMS'] !== undefined && secret !== undefined) {
    mistakes.push('JWT_ALGORITHMS goes with JWT_JWKS_URL; with JWT_SECRET it is always HS256');
  } else if (given['JWT_ALGORITHMS'] !== undefined && !algorithms.every(isSignedByIssuer)) {
    mistakes.push(`JWT_ALGORITHMS: only ${SIGNED_BY_ISSUER.join(', ')}`);
  }
  return mistakes;
}

/** Variables for the tokens that others make. */
const OF_ISSUERS = ['JWT_USER_CLAIM', 'JWT_ROLES_CLAIM', 'JWT_ROLE_MAP'];

/** Algorithms of which the key that checks cannot sign. */
const SIGNED_BY_ISSUER = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const isSignedByIssuer = (algorithm: string): boolean => SIGNED_BY_ISSUER.includes(algorithm);

/**
 * Parses the variables of a program.
 * @param further mistakes that the schema does not see
 * @throws ConfigError naming every mistake; values are never repeated, they may be secrets.
 */
export function parseVariables<T extends z.ZodType>(
  program: string,
  schema: T,
  environment: Environment,
  further: (given: Environment) => readonly string[] = () => [],
): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  const issues = result.error?.issues ?? [];
  const mistakes = [
    ...issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...further(given),
  ];
  if (!result.success || mistakes.length > 0) throw new ConfigError(program, mistakes);
  return result.data;
}

/** Parses a service's settings. @throws ConfigError as {@link parseVariables} */
export const parseSettings = <T extends z.ZodType<CommonSettings>>(
  service: string,
  schema: T,
  environment: Environment,
): z.output<T> =>
  parseVariables(service, schema, environment, (given) => [
    ...addressMistakes(given),
    ...authMistakes(given),
  ]);
