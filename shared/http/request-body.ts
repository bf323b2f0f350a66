/** Reads the JSON body of a request within limits, straight from Node's request: for all services. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { parseStrictJson } from './strict-json.ts';

/** Why a body is not taken. */
export interface BodyRefusal {
  readonly status: 400 | 413 | 415 | 422;
  readonly detail: string;
  /** The members that cannot be used. */
  readonly errors?: readonly FieldFault[];
}

export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

/** What was read, or why not. */
export type ReadBody<T> =
  | { readonly ok: true; readonly value: T }
  | ({ readonly ok: false } & BodyRefusal);

const MAX_BODY_BYTES = 65_536;
const MAX_FAULTS = 20;

/**
 * The body as text, of at most so many bytes. An empty body needs no content type. After a 413 the
 * connection must be closed: the rest of the body is not read.
 * @param done called once, perhaps before this returns
 */
export function receiveBodyText(
  incoming: IncomingMessage,
  done: (read: ReadBody<string>) => void,
  maxBytes = MAX_BODY_BYTES,
): void {
  const isDeclaredLarger = Number(incoming.headers['content-length'] ?? 0) > maxBytes;
  // Gone before the reading began: no event will come any more.
  if (isDeclaredLarger || incoming.destroyed) return done(tooLong(maxBytes));
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const end = (read: ReadBody<string>): void => {
    if (isDone) return;
    isDone = true;
    done(read);
  };
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) end(tooLong(maxBytes));
    else chunks.push(chunk);
  });
  incoming.on('end', () => {
    const [only] = chunks;
    const bytes = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
    end(textOf(incoming, bytes));
  });
  // A client that leaves half-way ends the wait too; what it sent must not be acted on.
  const leave = (): void => end(tooLong(maxBytes));
  incoming.on('error', leave);
  incoming.on('close', leave);
}

/** The same for readers that wait. */
export const readBodyText = (
  incoming: IncomingMessage,
  maxBytes = MAX_BODY_BYTES,
): Promise<ReadBody<string>> =>
  new Promise((resolve) => receiveBodyText(incoming, resolve, maxBytes));

const tooLong = (maxBytes: number): ReadBody<string> => ({
  ok: false,
  status: 413,
  detail: `The body may have at most ${maxBytes} bytes.`,
});

function textOf({ headers }: IncomingMessage, bytes: Buffer): ReadBody<string> {
  if (bytes.length === 0) return { ok: true, value: '' };
  const undeclared = undeclaredJson(headers['content-type'], headers['content-encoding']);
  if (undeclared !== undefined) return { ok: false, status: 415, detail: undeclared };
  if (!isUtf8(bytes)) return { ok: false, status: 400, detail: 'The body is not valid UTF-8.' };
  return { ok: true, value: bytes.toString('utf8') };
}

/** The body checked against a schema; an empty body counts as `{}`. */
export async function readJsonBody<T extends z.ZodType>(
  incoming: IncomingMessage,
  schema: T,
  maxBytes = MAX_BODY_BYTES,
): Promise<ReadBody<z.infer<T>>> {
  const text = await readBodyText(incoming, maxBytes);
  if (!text.ok) return text;
  const parsed = parseStrictJson(text.value === '' ? '{}' : text.value);
  if (!parsed.ok) return { ok: false, status: 400, detail: `${parsed.reason}.` };
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: checked.data };
  const detail = 'Some members of the body cannot be used.';
  return { ok: false, status: 422, detail, errors: fieldFaults(checked.error) };
}

/** Schema faults as `errors[]` of a problem; at most 20. */
export const fieldFaults = (error: z.ZodError): FieldFault[] =>
  error.issues.slice(0, MAX_FAULTS).map((issue) => ({
    path: issue.path.join('.').slice(0, 100),
    message: issue.message.slice(0, 200),
  }));

const JSON_CONTENT = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

/** Why a body with these headers is not read (415); undefined when it is. */
export function undeclaredJson(contentType = '', contentEncoding = ''): string | undefined {
  if (!JSON_CONTENT.test(contentType)) return 'Send the body as application/json.';
  const isPacked = contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity';
  return isPacked ? 'Send the body without Content-Encoding.' : undefined;
}
