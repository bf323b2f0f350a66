import { z } from 'zod';
import {
  commonSettings,
  hasServiceSecret,
  SERVICE_SECRET_MISSING,
  parseSettings,
  serviceSecret,
  trustedProxies,
  type Environment,
  webUrl,
} from '@outcry/shared/runtime/config.ts';

const settings = commonSettings.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
  /** Where bids made over the socket are forwarded to. */
  GATEWAY_URL: webUrl.default('http://127.0.0.1:8080').transform((url) => url.replace(/\/+$/, '')),
  /** What makes the gateway believe this service's word for a bidder's address. */
  SERVICE_SECRET: serviceSecret,
  /** How many proxies in front of this service write X-Forwarded-For. */
  TRUSTED_PROXIES: trustedProxies,
  /** Connections this node takes; more are refused and go elsewhere. */
  MAX_VIEWERS: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
  /** Of these, so many from one network address; 0 turns all limits by address off. */
  MAX_VIEWERS_PER_ADDRESS: z.coerce.number().int().min(0).default(1_000),
});

const schema = settings.refine(hasServiceSecret, SERVICE_SECRET_MISSING);

/** Every variable that the service reads. */
export const BROADCASTER_VARIABLES: readonly string[] = Object.keys(settings.shape);

export type BroadcasterSettings = z.infer<typeof schema>;

/** @throws ConfigError naming every mistake in the environment */
export function broadcasterSettings(environment: Environment = process.env): BroadcasterSettings {
  return parseSettings('broadcast-service', schema, environment);
}
