/** One HTTP request as a client sends it that may lose interest before the answer comes. */
import { request, type Agent, type IncomingMessage } from 'node:http';
import type { HistoryAnswer } from './history.ts';

export interface Exchange {
  readonly agent: Agent;
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The client closes the connection this long after sending; undefined: it waits. */
  readonly dropAfterMs: number | undefined;
}

/** `lost`: it may have arrived. `unsent`: the gateway took no connection, nothing was sent. */
export type Exchanged = HistoryAnswer | 'lost' | 'unsent';

/** The gateway answers within 2 s; what takes much longer will not come. */
const ANSWER_LIMIT_MS = 6_000;

export function exchange(sent: Exchange): Promise<Exchanged> {
  const { agent, port, method, path, headers, body, dropAfterMs } = sent;
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent });
    const limit = setTimeout(() => outgoing.destroy(), ANSWER_LIMIT_MS);
    let drop: NodeJS.Timeout | undefined;
    const finish = (exchanged: Exchanged): void => {
      clearTimeout(limit);
      clearTimeout(drop);
      resolve(exchanged);
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? 'unsent' : 'lost');
    });
    const lost = (): void => finish('lost');
    outgoing.on('close', lost);
    outgoing.on('response', (incoming) => {
      // From here on the answer itself says whether it broke off.
      outgoing.off('close', lost);
      readAnswer(incoming).then(finish, lost);
    });
    outgoing.on('finish', () => {
      if (dropAfterMs === undefined) return;
      if (dropAfterMs === 0) outgoing.destroy();
      else drop = setTimeout(() => outgoing.destroy(), dropAfterMs);
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<HistoryAnswer> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  return {
    status: incoming.statusCode ?? 0,
    replayed: incoming.headers['idempotency-replayed'] === 'true',
    body: parseBody(text),
  };
}

function parseBody(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // An answer that is not JSON is shown as it is; no checker accepts it.
  }
  return { text };
}
