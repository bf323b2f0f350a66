import { answerProblem } from './answers.ts';
import type { Exchange } from './exchange.ts';
import type { Read } from './request-body.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;

/** The `Idempotency-Key` header; '' when the request has none. */
export function readIdempotencyKey(x: Exchange): Read<string> {
  const header = x.incoming.headers['idempotency-key'];
  if (header === undefined) return { ok: true, value: '' };
  if (typeof header === 'string' && KEY.test(header)) return { ok: true, value: header };
  const answer = answerProblem(x, 'INVALID_REQUEST', 'The Idempotency-Key cannot be used.', {
    errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 128 printable ASCII characters' }],
  });
  return { ok: false, answer };
}
