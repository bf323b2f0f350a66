/**
 * What a request says, checked, or the answer that refuses it. Bodies are read within limits, straight
 * from Node's request.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Problem, ProblemExtras } from '../contracts/problems.ts';
import { queryValues } from '../contracts/query-strings.ts';
import { answerProblem, type Exchange, type Read } from './exchange.ts';
import { parseStrictJson } from './strict-json.ts';

type FieldFaults = NonNullable<Problem['errors']>;

const MAX_BODY_BYTES = 65_536;
const MAX_FAULTS = 20;

/** That the request cannot be used. @param more a status other than the table's, or the wrong members */
export const refused = (
  x: Exchange,
  detail: string,
  more: Pick<ProblemExtras, 'status' | 'errors'>,
): Read<never> => ({ ok: false, answer: answerProblem(x, 'INVALID_REQUEST', detail, more) });

/**
 * The body as text, of at most so many bytes. An empty body needs no content type. After a 413 the
 * connection must be closed: the rest of the body is not read.
 * @param done called once, perhaps before this returns
 */
export function receiveText(
  x: Exchange,
  done: (read: Read<string>) => void,
  maxBytes = MAX_BODY_BYTES,
): void {
  const { incoming } = x;
  const tooLong = (): Read<string> =>
    refused(x, `The body may have at most ${maxBytes} bytes.`, { status: 413 });
  const isDeclaredLarger = Number(incoming.headers['content-length'] ?? 0) > maxBytes;
  // Gone before the reading began: no event will come any more.
  if (isDeclaredLarger || incoming.destroyed) return done(tooLong());
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const end = (read: () => Read<string>): void => {
    if (isDone) return;
    isDone = true;
    done(read());
  };
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) end(tooLong);
    else chunks.push(chunk);
  });
  incoming.on('end', () => {
    const [only] = chunks;
    const bytes = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
    end(() => textOf(x, bytes));
  });
  // A client that leaves half-way ends the wait too; what it sent must not be acted on.
  const leave = (): void => end(tooLong);
  incoming.on('error', leave);
  incoming.on('close', leave);
}

function textOf(x: Exchange, bytes: Buffer): Read<string> {
  if (bytes.length === 0) return { ok: true, value: '' };
  const undeclared = undeclaredJson(x.incoming);
  if (undeclared !== undefined) return refused(x, undeclared, { status: 415 });
  if (!isUtf8(bytes)) return refused(x, 'The body is not valid UTF-8.', { status: 400 });
  return { ok: true, value: bytes.toString('utf8') };
}

/** The body checked against a schema; an empty body counts as `{}`. */
export async function readBody<T extends z.ZodType>(
  x: Exchange,
  schema: T,
  maxBytes?: number,
): Promise<Read<z.output<T>>> {
  const text = await new Promise<Read<string>>((resolve) => receiveText(x, resolve, maxBytes));
  if (!text.ok) return text;
  const parsed = parseStrictJson(text.value === '' ? '{}' : text.value);
  if (!parsed.ok) return refused(x, `${parsed.reason}.`, { status: 400 });
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: checked.data };
  const errors = fieldFaults(checked.error);
  return refused(x, 'Some members of the body cannot be used.', { errors });
}

/** Schema faults as `errors[]` of a problem; at most 20. */
export const fieldFaults = (error: z.ZodError): FieldFaults =>
  error.issues.slice(0, MAX_FAULTS).map((issue) => ({
    path: issue.path.join('.').slice(0, 100),
    message: issue.message.slice(0, 200),
  }));

const JSON_CONTENT = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

/** Why a body with these headers is not read (415); undefined when it is. */
export function undeclaredJson({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { 'content-type': type = '', 'content-encoding': encoding = '' } = headers;
  if (!JSON_CONTENT.test(type)) return 'Send the body as application/json.';
  const isPacked = encoding !== '' && encoding.toLowerCase() !== 'identity';
  return isPacked ? 'Send the body without Content-Encoding.' : undefined;
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
  return refused(x, 'Some query parameters cannot be used.', { errors });
}

/** What an `Idempotency-Key` looks like. */
export const KEY_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** The `Idempotency-Key` header; '' when the request has none. */
export function readIdempotencyKey(x: Exchange): Read<string> {
  const header = x.incoming.headers['idempotency-key'];
  if (header === undefined) return { ok: true, value: '' };
  if (typeof header === 'string' && KEY_PATTERN.test(header)) return { ok: true, value: header };
  const message = 'must be 1 to 128 printable ASCII characters';
  const errors = [{ path: 'Idempotency-Key', message }];
  return refused(x, 'The Idempotency-Key cannot be used.', { errors });
}
