import { z } from 'zod';
import {
  commonSettings,
  ConfigError,
  list,
  parseSettings,
  parseVariables,
  rateLimits,
  trustedProxies,
  webUrl,
  type Environment,
} from '@outcry/shared/runtime/config.ts';
import { natsSettings } from '@outcry/shared/runtime/jetstream.ts';
import { networkOf } from './webhooks/receiver-addresses.ts';

const SERVICE = 'archival-worker';

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

const DAY_SECONDS = 24 * 60 * 60;

/** Networks as `10.1.0.0/16,fd00::/8`. */
const networks = list
  .transform((texts) => texts.map((text) => networkOf(text)))
  .refine((found) => !found.includes(undefined), 'must be networks such as 10.1.0.0/16')
  .transform((found) => found.filter((network) => network !== undefined))
  .default([]);

const settings = commonSettings.extend({
  ...natsSettings.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(8082),
  ...rateLimits,
  /** Proxies in front of the history API that append to X-Forwarded-For. */
  TRUSTED_PROXIES: trustedProxies,
  DATABASE_URL: databaseUrl,
  /** A replica for the history API. */
  DATABASE_READ_URL: databaseUrl.optional(),
  /** How long Redis keeps a sealed auction: 25 h by default. */
  FORGET_AFTER_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(25 * 60 * 60),
  /** Networks that webhooks may reach though they are private. */
  WEBHOOKS_ALLOW_PRIVATE: networks,
  /** What winner and seller are told after a sale: a text, and a link that is signed with the secret. */
  NEXT_STEP_WINNER_TEXT: z.string().max(500).optional(),
  NEXT_STEP_WINNER_URL: webUrl.optional(),
  NEXT_STEP_SELLER_TEXT: z.string().max(500).optional(),
  NEXT_STEP_SELLER_URL: webUrl.optional(),
  NEXT_STEP_SECRET: z.string().min(32).optional(),
  /** How long an auction with bids waits for its seal: so long an admin can remove its bidders. */
  SEAL_AFTER_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60 * 60)
    .default(60 * 60),
  /** How long the events of a sale name a buyer or seller who has deleted the account. */
  KEEP_SALES_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
});

const schema = settings
  .refine((given) => given.NODE_ENV !== 'production' || given.FORGET_AFTER_SECONDS >= DAY_SECONDS, {
    path: ['FORGET_AFTER_SECONDS'],
    message: `must be at least ${DAY_SECONDS} in production: retries of bids are answered for a day`,
  })
  .refine(
    ({ NEXT_STEP_WINNER_URL: winner, NEXT_STEP_SELLER_URL: seller, NEXT_STEP_SECRET: secret }) =>
      secret !== undefined || (winner === undefined && seller === undefined),
    { path: ['NEXT_STEP_SECRET'], message: 'must be set where a NEXT_STEP link is: it signs them' },
  );

/** Every variable that the service reads. */
export const WORKER_VARIABLES: readonly string[] = Object.keys(settings.shape);

export type WorkerSettings = z.infer<typeof schema>;

/** @throws ConfigError naming every mistake in the environment */
export function workerSettings(environment: Environment = process.env): WorkerSettings {
  return parseSettings(SERVICE, schema, environment);
}

const webhookSchema = commonSettings.pick({ NODE_ENV: true, LOG_LEVEL: true, HOST: true }).extend({
  ...natsSettings.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(8084),
  DATABASE_URL: databaseUrl,
  WEBHOOKS_ALLOW_PRIVATE: networks,
});

/** Every variable that the process reads which delivers to webhooks. */
export const WEBHOOK_VARIABLES: readonly string[] = Object.keys(webhookSchema.shape);

export type WebhookSettings = z.infer<typeof webhookSchema>;

/** @throws ConfigError naming every mistake in the environment */
export function webhookSettings(environment: Environment = process.env): WebhookSettings {
  return parseVariables('webhooks', webhookSchema, environment);
}

const toolSchema = commonSettings
  .pick({ LOG_LEVEL: true, REDIS_URL: true, REDIS_CLUSTER: true, SHARDS: true })
  .extend({
    ...natsSettings.shape,
    DATABASE_URL: z.url({
      protocol: /^postgres(ql)?$/,
      error: 'must be a postgres:// URL; without it `npm start` must be running here',
    }),
  });

/** What the tools need that work on a whole system: rebuild, dead letters. */
export type ToolSettings = z.infer<typeof toolSchema>;

/**
 * The environment's settings; when it names no database, those of the system that runs here.
 * @param running where its servers are, by the names that `npm start` gives them
 * @throws ConfigError naming every mistake in the environment
 */
export function toolSettings(
  tool: string,
  running: Readonly<Record<string, string>> = {},
  environment: Environment = process.env,
): ToolSettings {
  const named = Object.entries(environment).filter(([, value]) => value !== '');
  const given = { LOG_LEVEL: 'warn', ...Object.fromEntries(named) };
  const { redis: REDIS_URL, nats: NATS_URL, postgres: DATABASE_URL } = running;
  // All servers or none: a tool must not mix two systems.
  const servers = 'DATABASE_URL' in given ? {} : { REDIS_URL, NATS_URL, DATABASE_URL };
  return parseVariables(tool, toolSchema, { ...given, ...servers });
}

/** The database to migrate. @throws ConfigError when it is missing or no URL */
export function migrationUrl(environment: Environment = process.env): string {
  const url = databaseUrl.safeParse(environment['DATABASE_URL']);
  if (!url.success) {
    throw new ConfigError('migrate', ['DATABASE_URL: must be a postgres:// URL']);
  }
  return url.data;
}

/** The file of certificate authorities that Node was told to trust beside its own, if any. */
export const extraCertificates = (environment: Environment = process.env): string | undefined =>
  environment['NODE_EXTRA_CA_CERTS'];
