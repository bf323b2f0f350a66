/** A request's body, or the answer that refuses it. */
import type { z } from 'zod';
import * as body from '@outcry/shared/runtime/request-body.ts';
import { answerProblem } from './answers.ts';
import { setHeader, type Exchange, type HttpAnswer } from './exchange.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: HttpAnswer };

/** The body as text, handed over by a call. */
export const receiveBodyText = (x: Exchange, done: (read: Read<string>) => void): void =>
  body.receiveBodyText(x.incoming, (read) => done(answered(x, read)));

/** The body checked against a schema; an empty body counts as `{}`. */
export const readBody = async <T extends z.ZodType>(
  x: Exchange,
  schema: T,
): Promise<Read<z.infer<T>>> => answered(x, await body.readJsonBody(x.incoming, schema));

function answered<T>(x: Exchange, read: body.ReadBody<T>): Read<T> {
  if (read.ok) return read;
  const { status, detail, errors } = read;
  // The rest of the body is not worth reading.
  if (status === 413) setHeader(x, 'connection', 'close');
  const extras = { status, ...(errors === undefined ? {} : { errors }) };
  return { ok: false, answer: answerProblem(x, 'INVALID_REQUEST', detail, extras) };
}
