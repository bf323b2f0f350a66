import type { Context } from 'hono';
import { sendProblem } from './answers.ts';
import type { GatewayContext } from './context.ts';
import type { Read } from './request-body.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;

/** The `Idempotency-Key` header; '' when the request has none. */
export function readIdempotencyKey(c: Context<GatewayContext>): Read<string> {
  const header = c.env.incoming.headers['idempotency-key'];
  if (header === undefined) return { ok: true, value: '' };
  if (typeof header === 'string' && KEY.test(header)) return { ok: true, value: header };
  const response = sendProblem(c, 'INVALID_REQUEST', 'The Idempotency-Key cannot be used.', {
    errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 128 printable ASCII characters' }],
  });
  return { ok: false, response };
}
