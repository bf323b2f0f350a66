/** Reads a request's JSON body within limits, straight from Node's request. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { undeclaredJson } from '@outcry/shared/runtime/json-body.ts';
import { answerProblem } from './answers.ts';
import { setHeader, type Exchange, type HttpAnswer } from './exchange.ts';
import { parseStrictJson } from './strict-json.ts';

const MAX_BODY_BYTES = 65_536;

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: HttpAnswer };

/** The body as text. An empty body needs no content type. */
export async function readBodyText(x: Exchange): Promise<Read<string>> {
  const incoming = x.incoming;
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return tooLarge(x);
  const bytes = await readBytes(incoming);
  if (bytes === undefined) return tooLarge(x);
  if (bytes.length === 0) return { ok: true, value: '' };
  const undeclared = undeclaredJson(
    incoming.headers['content-type'],
    incoming.headers['content-encoding'],
  );
  if (undeclared !== undefined) return refuse(x, 415, undeclared);
  if (!isUtf8(bytes)) return refuse(x, 400, 'The body is not valid UTF-8.');
  return { ok: true, value: bytes.toString('utf8') };
}

/** The body checked against a schema; an empty body counts as `{}`. */
export async function readBody<T extends z.ZodType>(
  x: Exchange,
  schema: T,
): Promise<Read<z.infer<T>>> {
  const text = await readBodyText(x);
  if (!text.ok) return text;
  const parsed = parseStrictJson(text.value === '' ? '{}' : text.value);
  if (!parsed.ok) return refuse(x, 400, `${parsed.reason}.`);
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: checked.data };
  const answer = answerProblem(x, 'INVALID_REQUEST', 'Some members of the body cannot be used.', {
    errors: errorsOf(checked.error),
  });
  return { ok: false, answer };
}

/** Schema faults as `errors[]` of a problem; at most 20. */
export const errorsOf = (error: z.ZodError): { path: string; message: string }[] =>
  error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.join('.').slice(0, 100),
    message: issue.message.slice(0, 200),
  }));

function readBytes(incoming: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    // Gone before the reading began: no event will come any more.
    if (incoming.destroyed) resolve(undefined);
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) resolve(undefined);
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    // A client that leaves half-way ends the wait too; what it sent must not be acted on.
    incoming.on('error', () => resolve(undefined));
    incoming.on('close', () => resolve(undefined));
  });
}

function tooLarge(x: Exchange): Read<never> {
  // The rest of the body is not worth reading.
  setHeader(x, 'connection', 'close');
  return refuse(x, 413, `The body may have at most ${MAX_BODY_BYTES} bytes.`);
}

function refuse(x: Exchange, status: 400 | 413 | 415, detail: string): Read<never> {
  return { ok: false, answer: answerProblem(x, 'INVALID_REQUEST', detail, { status }) };
}
