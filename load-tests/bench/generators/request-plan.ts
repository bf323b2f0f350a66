/** What a load generator sends: a numbered sequence of POSTs that follows from a few figures. */
import { z } from 'zod';

export const requestPlan = z.object({
  /** Where to: an address without a path, such as `http://127.0.0.1:8080`. */
  origin: z.string(),
  /** Request n goes to path n modulo their number. */
  paths: z.array(z.string()).min(1),
  /** Request n is sent by bearer token n modulo their number. */
  tokens: z.array(z.string()).min(1),
  /** The member of the body that carries the amount. */
  member: z.enum(['amount', 'maxAmount']),
  firstAmount: z.number(),
  /** What the amount rises by with each pass over all paths. */
  amountStep: z.number(),
  /** Each request has an `Idempotency-Key` of this text and its number; '' for none. */
  keyPrefix: z.string(),
});
export type RequestPlan = Readonly<z.infer<typeof requestPlan>>;

/** Reads a plan from JSON. @throws ZodError when it is none */
export const readPlan = (json: string): RequestPlan => requestPlan.parse(JSON.parse(json));

/** What came of a run; `answered` counts complete answers, `refused` those of status 400 and up. */
export interface LoadResult {
  readonly answered: number;
  readonly refused: number;
  /** Connections that failed, broke or got no answer in time. */
  readonly broken: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of calls that are all the same. */
export interface CallOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Ends the run early; it then rejects. */
  readonly signal: AbortSignal;
}

export interface LoadOptions extends CallOptions {
  /** The number of the first request: rounds go on where the last one ended. */
  readonly firstRequest: number;
}

/** Keeps every connection busy with one request at a time. */
export interface LoadGenerator {
  /** For the report. */
  readonly name: string;
  run(plan: RequestPlan, options: LoadOptions): Promise<LoadResult>;
}

/**
 * Request `n` as it goes over the wire. wrk-requests.lua makes the same bytes.
 * @param host with its port
 */
export function requestText(plan: Omit<RequestPlan, 'origin'>, n: number, host: string): string {
  const path = plan.paths[n % plan.paths.length] ?? '/';
  const token = plan.tokens[n % plan.tokens.length] ?? '';
  const pass = Math.floor(n / plan.paths.length);
  const body = `{"${plan.member}":${plan.firstAmount + pass * plan.amountStep}}`;
  const key = plan.keyPrefix === '' ? '' : `idempotency-key: ${plan.keyPrefix}${n}\r\n`;
  return (
    `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n` +
    `authorization: Bearer ${token}\r\ncontent-type: application/json\r\n` +
    `${key}content-length: ${body.length}\r\n\r\n${body}`
  );
}

/** The plan as lines of `name value`, for a generator that knows no JSON. */
export function planLines(plan: RequestPlan): string {
  return [
    `host ${new URL(plan.origin).host}`,
    `member ${plan.member}`,
    `first_amount ${plan.firstAmount}`,
    `amount_step ${plan.amountStep}`,
    `key_prefix ${plan.keyPrefix}`,
    ...plan.paths.map((path) => `path ${path}`),
    ...plan.tokens.map((token) => `token ${token}`),
    '',
  ].join('\n');
}
