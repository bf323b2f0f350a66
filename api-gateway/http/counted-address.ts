import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  CLIENT_ADDRESS_HEADER,
  SERVICE_SECRET_HEADER,
} from '@outcry/shared/contracts/between-services.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';

/**
 * By which address a request counts. Whoever sends the service secret is the broadcaster, which names
 * the address itself; what it asks for itself is not counted.
 * @param trustedProxies how many proxies in front of us write X-Forwarded-For
 */
export const countedAddress =
  (trustedProxies: number, serviceSecret: string | undefined) =>
  (incoming: IncomingMessage): string | undefined => {
    if (!isBroadcaster(incoming.headers, serviceSecret)) {
      return clientAddress(incoming, trustedProxies);
    }
    const address = incoming.headers[CLIENT_ADDRESS_HEADER];
    return typeof address === 'string' ? address : undefined;
  };

/** Compared in the same time whatever was sent. */
function isBroadcaster(headers: IncomingHttpHeaders, secret: string | undefined): boolean {
  const given = headers[SERVICE_SECRET_HEADER];
  if (secret === undefined || typeof given !== 'string') return false;
  const [sent, known] = [Buffer.from(given), Buffer.from(secret)];
  return sent.length === known.length && timingSafeEqual(sent, known);
}
