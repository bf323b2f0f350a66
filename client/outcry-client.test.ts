import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { problem } from '@outcry/shared/contracts/problems.ts';
import { OutcryClient } from './outcry-client.ts';
import { SaleClient } from './sale-client.ts';
import { OutcryError } from './outcry-error.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Reply = (response: ServerResponse, seen: Seen) => void;

const servers: Server[] = [];

/** A server that gives these replies in turn, the last one again and again. */
async function serverWith(...replies: Reply[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    bodyOf(request, (body) => {
      const key = request.headers['idempotency-key'];
      const entry: Seen = {
        method: request.method,
        url: request.url,
        key: typeof key === 'string' ? key : undefined,
        authorization: request.headers.authorization,
        body,
      };
      seen.push(entry);
      replies[Math.min(seen.length, replies.length) - 1]?.(response, entry);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, seen };
}

function bodyOf(request: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => done(body));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

const cutting: Reply = (response) => {
  response.destroy();
};

const silent: Reply = () => undefined;

const RECEIPT = {
  bidId: 'b-1',
  epoch: 1,
  seq: 3,
  result: 'leading',
  bidder: 1,
  price: 500,
  minimumBid: 550,
  endsAt: '2030-01-01T00:00:00.000Z',
  serverTime: '2029-01-01T00:00:00.000Z',
};

const archived = (seq: number) => ({ epoch: 1, seq, at: 't', alias: 1, amount: 5 });

const UNAVAILABLE = problem('UNAVAILABLE', 'Redis is away', 'r1');

const clientOf = (gatewayUrl: string) => new OutcryClient({ gatewayUrl, token: () => 'the-token' });

async function errorOf(promise: Promise<unknown>): Promise<OutcryError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OutcryError) return error;
  throw new Error('expected an OutcryError', { cause: error });
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

describe('OutcryClient', () => {
  it('sends the token, the offer and a fresh idempotency key', async () => {
    const { url, seen } = await serverWith(answering(201, RECEIPT));
    const client = clientOf(`${url}/`);
    expect(await client.bid('a1-x', { maxAmount: 700 })).toEqual(RECEIPT);
    await client.bid('a1-x', { amount: 800 });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/v1/auctions/a1-x/bids',
      authorization: 'Bearer the-token',
      body: '{"maxAmount":700}',
    });
    expect(seen[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(seen[1]?.key).not.toBe(seen[0]?.key);
  });

  it('takes no answer out of a browser’s cache: it tells the time', async () => {
    const caches: unknown[] = [];
    const fetch = async (_url: string, init: RequestInit): Promise<Response> => {
      caches.push(init.cache);
      return Response.json(RECEIPT);
    };
    await new OutcryClient({ gatewayUrl: 'http://nowhere', fetch }).bid('a1-x', { amount: 1 });
    expect(caches).toEqual(['no-store']);
  });

  it('tries again with the same key after 503, 429 and a cut connection', async () => {
    const { url, seen } = await serverWith(
      answering(503, UNAVAILABLE),
      answering(429, problem('RATE_LIMITED', 'slower', 'r2')),
      cutting,
      answering(201, RECEIPT),
    );
    expect(await clientOf(url).bid('a1-x', { amount: 700 })).toEqual(RECEIPT);
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map((request) => request.key)).size).toBe(1);
  });

  it('tries again as the user who asked, though somebody else signs in meanwhile', async () => {
    let token = 'of-ann';
    const { url, seen } = await serverWith(
      (response, entry) => {
        token = 'of-bob';
        answering(503, UNAVAILABLE)(response, entry);
      },
      answering(201, RECEIPT),
    );
    const client = new OutcryClient({ gatewayUrl: url, token: () => token });
    await client.bid('a1-x', { amount: 700 });
    expect(seen.map(({ authorization }) => authorization)).toEqual([
      'Bearer of-ann',
      'Bearer of-ann',
    ]);
  });

  it('goes on asking for a lost answer with the same key, and says that it does', async () => {
    const lost = Array.from({ length: 5 }, () => cutting);
    const { url, seen } = await serverWith(...lost, answering(201, RECEIPT));
    let told = 0;
    const onLost = (): void => {
      told += 1;
    };
    const options = { idempotencyKey: 'k1', insistMs: 30_000, onLost };
    const client = new OutcryClient({ gatewayUrl: url, retries: 1 });
    expect(await client.bid('a1-x', { amount: 1 }, options)).toEqual(RECEIPT);
    expect(seen.map(({ key }) => key)).toEqual(Array.from({ length: 6 }, () => 'k1'));
    expect(told).toBe(5);
  });

  it('does not insist when nothing was lost', async () => {
    const { url, seen } = await serverWith(answering(503, UNAVAILABLE));
    const client = new OutcryClient({ gatewayUrl: url, retries: 1 });
    const error = await errorOf(client.bid('a1-x', { amount: 1 }, { insistMs: 30_000 }));
    expect([error.code, seen.length]).toEqual(['UNAVAILABLE', 2]);
  });

  it('sends nothing more once it is told to end', async () => {
    const user = new AbortController();
    const { url, seen } = await serverWith((response) => {
      user.abort();
      response.destroy();
    });
    const options = { insistMs: 30_000, signal: user.signal };
    const error = await errorOf(clientOf(url).bid('a1-x', { amount: 1 }, options));
    expect([error.code, seen.length]).toEqual(['OUTCOME_UNKNOWN', 1]);
  });

  it('stops after three retries and says what the server said', async () => {
    const { url, seen } = await serverWith(answering(503, UNAVAILABLE));
    const error = await errorOf(clientOf(url).auction('a1-x'));
    expect(error.problem).toEqual(UNAVAILABLE);
    expect(error.retryable).toBe(true);
    expect(seen).toHaveLength(4);
  });

  it('never sends a refused request again', async () => {
    const tooLow = problem('BID_TOO_LOW', 'too low', 'r3', { minimumBid: 900 });
    const { url, seen } = await serverWith(answering(409, tooLow));
    const error = await errorOf(clientOf(url).bid('a1-x', { amount: 1 }));
    expect(error.code).toBe('BID_TOO_LOW');
    expect(error.problem.minimumBid).toBe(900);
    expect(seen).toHaveLength(1);
  });

  it('waits as long as Retry-After asks, and not at all when it asks for minutes', async () => {
    const brief = await serverWith(
      answering(503, UNAVAILABLE, { 'retry-after': '1' }),
      answering(201, RECEIPT),
    );
    const begin = performance.now();
    await clientOf(brief.url).bid('a1-x', { amount: 1 });
    expect(performance.now() - begin).toBeGreaterThan(950);

    const long = await serverWith(answering(503, UNAVAILABLE, { 'retry-after': '120' }));
    const error = await errorOf(clientOf(long.url).bid('a1-x', { amount: 1 }));
    expect(error.problem.retryAfterMs).toBe(120_000);
    expect(long.seen).toHaveLength(1);
  });

  it('a bid without an answer has an unknown outcome, a read is just unavailable', async () => {
    const { url } = await serverWith(silent);
    const client = new OutcryClient({ gatewayUrl: url, timeoutMs: 50, retries: 1 });
    const error = await errorOf(client.bid('a1-x', { amount: 1 }, { idempotencyKey: 'k1' }));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(error.idempotencyKey).toBe('k1');
    expect((await errorOf(client.auction('a1-x'))).code).toBe('UNAVAILABLE');
  });

  it('a bid that never reached a server was not placed', async () => {
    const { url } = await serverWith(silent);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    const client = new OutcryClient({ gatewayUrl: url, retries: 0 });
    expect((await errorOf(client.bid('a1-x', { amount: 1 }))).code).toBe('UNAVAILABLE');
  });

  it('does not call a bid unplaced when an earlier attempt got lost', async () => {
    const { url } = await serverWith(cutting, answering(503, UNAVAILABLE));
    const error = await errorOf(clientOf(url).bid('a1-x', { amount: 1 }));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
  });

  it('understands errors that are not problems', async () => {
    const { url } = await serverWith(answering(418, 'a teapot'));
    const error = await errorOf(clientOf(url).auction('a1-x'));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.problem.status).toBe(418);
  });

  it('does not take any JSON for an answer, and does not know what such a bid came to', async () => {
    const { url, seen } = await serverWith(answering(200, { hello: 'world' }));
    expect((await errorOf(clientOf(url).auction('a1-x'))).code).toBe('INTERNAL');
    const error = await errorOf(clientOf(url).bid('a1-x', { amount: 1 }));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(error.idempotencyKey).toBe(seen[1]?.key);
  });

  it('edits a sale, withdraws a bid and takes a registration, each with what it asks for', async () => {
    const registration = { paddle: 7, status: 'approved', limit: null, committed: 0 };
    const server = await serverWith(
      answering(503, {}),
      answering(200, {
        id: 's0-x',
        title: 'Lamps',
        status: 'scheduled',
        lots: [],
        endsAt: '2030-01-01T00:00:00.000Z',
        serverTime: '2029-01-01T00:00:00.000Z',
      }),
      answering(200, { alias: null, leading: false, maxAmount: null, bidCount: 0 }),
      answering(200, { ...registration, userId: 'ann' }),
      answering(200, {}),
    );
    const sales = new SaleClient({ gatewayUrl: server.url });
    await sales.edit('s0-x', { title: 'Lamps' });
    await new OutcryClient({ gatewayUrl: server.url }).withdrawBid('a0-x');
    await sales.decideRegistration('s0-x', 7, { status: 'approved', limit: null });
    await expect(sales.ownRegistration('s0-x')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(server.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['PATCH', '/v1/sales/s0-x', '{"title":"Lamps"}'],
      ['PATCH', '/v1/sales/s0-x', '{"title":"Lamps"}'],
      ['DELETE', '/v1/auctions/a0-x/me', ''],
      ['PUT', '/v1/sales/s0-x/registrations/7', '{"status":"approved","limit":null}'],
      ['GET', '/v1/sales/s0-x/registrations/me', ''],
    ]);
  });

  it('walks the pages of the history, whose address it asks the gateway for', async () => {
    const history = await serverWith(
      answering(200, { items: [archived(1), archived(2)], nextCursor: 'c1' }),
      answering(200, { items: [archived(3)], nextCursor: null }),
    );
    const gateway = await serverWith(
      answering(200, { gatewayUrl: 'g', broadcastUrl: 'b', historyUrl: history.url }),
    );
    const seqs: number[] = [];
    for await (const page of clientOf(gateway.url).archivedBidPages('a1-x', { limit: 2 })) {
      seqs.push(...page.map(({ seq }) => seq));
    }
    expect(seqs).toEqual([1, 2, 3]);
    expect(history.seen.map((request) => request.url)).toEqual([
      '/v1/history/auctions/a1-x/bids?limit=2',
      '/v1/history/auctions/a1-x/bids?limit=2&cursor=c1',
    ]);
  });
});
