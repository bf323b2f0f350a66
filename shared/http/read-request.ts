/** What a request says, checked, or the answer that refuses it. */
import type { z } from 'zod';
import { queryValues } from '../contracts/query-strings.ts';
import { answerProblem, type Exchange, type Read } from './exchange.ts';
import { fieldFaults, readJsonBody, receiveBodyText, type ReadBody } from './request-body.ts';

/** The body as text, handed over by a call. */
export const receiveText = (x: Exchange, done: (read: Read<string>) => void): void =>
  receiveBodyText(x.incoming, (read) => done(answered(x, read)));

/** The body checked against a schema; an empty body counts as `{}`. */
export const readBody = async <T extends z.ZodType>(
  x: Exchange,
  schema: T,
  maxBytes?: number,
): Promise<Read<z.output<T>>> => answered(x, await readJsonBody(x.incoming, schema, maxBytes));

function answered<T>(x: Exchange, read: ReadBody<T>): Read<T> {
  if (read.ok) return read;
  const { status, detail, errors } = read;
  const extras = { status, ...(errors === undefined ? {} : { errors }) };
  return { ok: false, answer: answerProblem(x, 'INVALID_REQUEST', detail, extras) };
}

/** The query checked against a schema; a problem names each parameter that cannot be used. */
export function readQuery<T extends z.ZodType>(
  x: Exchange,
  url: string,
  schema: T,
): Read<z.output<T>> {
  const query = schema.safeParse(queryValues(url));
  if (query.success) return { ok: true, value: query.data };
  const errors = fieldFaults(query.error);
  const detail = 'Some query parameters cannot be used.';
  return { ok: false, answer: answerProblem(x, 'INVALID_REQUEST', detail, { errors }) };
}

/** What an `Idempotency-Key` looks like. */
export const KEY_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** The `Idempotency-Key` header; '' when the request has none. */
export function readIdempotencyKey(x: Exchange): Read<string> {
  const header = x.incoming.headers['idempotency-key'];
  if (header === undefined) return { ok: true, value: '' };
  if (typeof header === 'string' && KEY_PATTERN.test(header)) return { ok: true, value: header };
  const answer = answerProblem(x, 'INVALID_REQUEST', 'The Idempotency-Key cannot be used.', {
    errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 128 printable ASCII characters' }],
  });
  return { ok: false, answer };
}
