import { z } from 'zod';
import type { PublicAuth } from '@outcry/shared/contracts/api.ts';
import {
  commonSettings,
  hasServiceSecret,
  SERVICE_SECRET_MISSING,
  flag,
  parseSettings,
  rateLimits,
  trustedProxies,
  serviceSecret,
  type Environment,
  webUrl,
} from '@outcry/shared/runtime/config.ts';
import { natsSettings } from '@outcry/shared/runtime/jetstream.ts';

const settings = commonSettings.extend({
  ...natsSettings.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Set where a managed Redis forbids asking for its durability settings. */
  REDIS_DURABILITY_ASSERTED: flag.default(false),
  /** What an accepted bid must have reached: the disk of one Redis, or a replica as well. */
  BID_DURABILITY: z.enum(['fsync', 'replica']).default('fsync'),
  ...rateLimits,
  /** Auctions, and items, that Redis keeps of one user at most, closed ones too; 0: any number. */
  MAX_PER_SELLER: z.coerce.number().int().min(0).default(1_000),
  /** What the broadcaster proves itself with, so that its word for a bidder's address counts. */
  SERVICE_SECRET: serviceSecret,
  /** Proxies in front of the gateway that append to X-Forwarded-For. */
  TRUSTED_PROXIES: trustedProxies,
  /** The share of bids that are traced, 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.01),
  /** Set where the web app signs people in with the provider that JWT_ISSUER names. */
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_SCOPES: z.string().default('openid profile offline_access'),
  OIDC_AUDIENCE: z.string().optional(),
  PUBLIC_GATEWAY_URL: webUrl.default('http://localhost:8080'),
  PUBLIC_BROADCAST_URL: webUrl.default('http://localhost:8081'),
  PUBLIC_HISTORY_URL: webUrl.default('http://localhost:8082'),
});

const schema = settings
  .refine(hasServiceSecret, SERVICE_SECRET_MISSING)
  .refine(({ OIDC_CLIENT_ID, AUTH_MODE, JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }) => {
    const checked = [JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE];
    return (
      OIDC_CLIENT_ID === undefined ||
      (AUTH_MODE === 'jwt' && checked.every((value) => value !== undefined))
    );
  }, 'OIDC_CLIENT_ID needs AUTH_MODE=jwt, JWT_JWKS_URL, JWT_ISSUER and JWT_AUDIENCE');

/** Every variable that the service reads. */
export const GATEWAY_VARIABLES: readonly string[] = Object.keys(settings.shape);

export type GatewaySettings = z.infer<typeof schema>;

/** @throws ConfigError naming every mistake in the environment */
export function gatewaySettings(environment: Environment = process.env): GatewaySettings {
  return parseSettings('api-gateway', schema, environment);
}

/** What browsers are told of signing in. */
export function publicAuth(settings: GatewaySettings): PublicAuth {
  const { OIDC_CLIENT_ID: clientId, JWT_ISSUER: issuer, OIDC_AUDIENCE: audience } = settings;
  if (clientId === undefined || issuer === undefined) return { mode: settings.AUTH_MODE };
  const told = audience === undefined ? {} : { audience };
  return { mode: 'oidc', issuer, clientId, scopes: settings.OIDC_SCOPES, ...told };
}
