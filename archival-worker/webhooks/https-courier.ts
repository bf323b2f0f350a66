/**
 * Sends messages over HTTP, signed by the Standard Webhooks specification. Every address is checked
 * when a connection is made, so that a name that leads elsewhere the second time leads nowhere; what an
 * answer redirects to is not asked.
 */
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { literalAddress, type ReceiverAddresses } from './receiver-addresses.ts';

/** What a receiver may take from the look-up of its name to the end of its answer. */
const ATTEMPT_LIMIT_MS = 10_000;
/** More of an answer's body is not read. Without a need for it: a short one lets the connection live. */
const MAX_ANSWER_BYTES = 4_096;
const MAX_ERROR_LENGTH = 200;
const IDLE_CONNECTIONS = 64;
/** An answer that takes longer is a burden. */
const SLOW_MS = 2_000;

/** A message, about to be sent. */
export interface Outgoing {
  readonly id: string;
  readonly url: string;
  /** Each signs. */
  readonly secrets: readonly string[];
  readonly payload: string;
  /** Failed attempts of this queue in a row. */
  readonly failures: number;
}

/** How an attempt ended: with an answer of the receiver, or without one. */
export interface AttemptEnd {
  readonly ms: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** Whether the receiver has taken the message. What redirects has not. */
export const isTaken = ({ status }: AttemptEnd): boolean =>
  status !== undefined && status >= 200 && status < 300;

/** Whether a webhook is better asked for less at once. */
export const isStrained = (end: AttemptEnd): boolean => !isTaken(end) || end.ms > SLOW_MS;

/** Finds all addresses of a name. @throws Error when it has none */
export type LookUpAll = (name: string) => Promise<readonly LookupAddress[]>;

/**
 * Asks the name servers itself: what the system's own look-up waits for, it waits for in one of four
 * threads, so that four slow name servers would hold up every receiver. It reads no hosts file.
 */
function systemLookUp(): LookUpAll {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (name) => {
    if (/(^|\.)localhost\.?$/.test(name)) return LOCALHOST;
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = [...addressesOf(v4, 4), ...addressesOf(v6, 6)];
    if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
    return found;
  };
}

const LOCALHOST = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const addressesOf = (
  result: PromiseSettledResult<readonly string[]>,
  family: number,
): readonly LookupAddress[] =>
  result.status === 'rejected' ? [] : result.value.map((address) => ({ address, family }));

export class HttpsCourier {
  readonly #addresses: ReceiverAddresses;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #limitMs: number;

  constructor(
    addresses: ReceiverAddresses,
    { limitMs = ATTEMPT_LIMIT_MS, lookUpAll = systemLookUp() }: CourierOptions = {},
  ) {
    this.#addresses = addresses;
    this.#limitMs = limitMs;
    const options = (secure: boolean) => ({
      keepAlive: true,
      maxFreeSockets: IDLE_CONNECTIONS,
      lookup: checkedLookUp(addresses, secure, lookUpAll),
    });
    this.#http = new HttpAgent(options(false));
    this.#https = new HttpsAgent(options(true));
  }

  /** One attempt, which ends within its time limit. Never rejects. */
  async send(message: Outgoing): Promise<AttemptEnd> {
    const begun = monotonicNow();
    const ended = (end: Omit<AttemptEnd, 'ms'>): AttemptEnd => ({
      ...end,
      ms: Math.round(monotonicNow() - begun),
    });
    try {
      return ended({ status: await this.#post(message), error: undefined });
    } catch (error) {
      const reason = error instanceof Error ? reasonOf(error) : 'unknown';
      return ended({ status: undefined, error: reason.slice(0, MAX_ERROR_LENGTH) });
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** @returns the answer's status */
  async #post(message: Outgoing): Promise<number> {
    const url = new URL(message.url);
    const secure = url.protocol === 'https:';
    // Node asks no look-up for an address.
    const address = literalAddress(url.hostname);
    const refusal = address === undefined ? undefined : this.#addresses.refusal(address, secure);
    if (refusal !== undefined) throw new Error(`${address} ${refusal}`);
    const body = Buffer.from(message.payload);
    const options: RequestOptions = {
      method: 'POST',
      agent: secure ? this.#https : this.#http,
      signal: AbortSignal.timeout(this.#limitMs),
      headers: {
        ...signedHeaders(message, new Date(wallClockNow())),
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'Outcry-Webhooks/1',
      },
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
        const { statusCode = 0 } = response;
        let read = 0;
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read <= MAX_ANSWER_BYTES) return;
          resolve(statusCode);
          request.destroy();
        });
        response.on('end', () => resolve(statusCode));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

export interface CourierOptions {
  readonly limitMs?: number;
  readonly lookUpAll?: LookUpAll;
}

/** The specification's headers; more than one secret makes more than one signature. */
export function signedHeaders(
  { id, secrets, payload }: Pick<Outgoing, 'id' | 'secrets' | 'payload'>,
  at: Date,
): Readonly<Record<string, string>> {
  return {
    'webhook-id': id,
    'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(id, at, payload))
      .join(' '),
  };
}

/**
 * Looks a name up for a connection, and refuses it when any of its addresses is: who may connect to
 * the others could be led to this one by chance.
 */
function checkedLookUp(
  addresses: ReceiverAddresses,
  secure: boolean,
  lookUpAll: LookUpAll,
): LookupFunction {
  const checked = async (name: string): Promise<readonly [LookupAddress, ...LookupAddress[]]> => {
    const [first, ...others] = await lookUpAll(name);
    if (first === undefined) throw new Error(`${name} has no address`);
    for (const { address } of [first, ...others]) {
      const refusal = addresses.refusal(address, secure);
      if (refusal !== undefined) throw new Error(`${name}: ${address} ${refusal}`);
    }
    return [first, ...others];
  };
  const answer = async (...[name, { all }, done]: Parameters<LookupFunction>): Promise<void> => {
    try {
      const found = await checked(name);
      if (all === true) done(null, [...found]);
      else done(null, found[0].address, found[0].family);
    } catch (error) {
      done(error instanceof Error ? error : new Error('unknown'), []);
    }
  };
  return (...asked) => void answer(...asked);
}

/** One line, without what only this program would understand. */
function reasonOf(error: Error): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer in time';
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : '')).join('; ');
  }
  return error.message;
}
