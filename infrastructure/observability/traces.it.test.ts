/** One bid's trace through the system as it is deployed, and what traces must never do. */
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { createAuction, type JsonAnswer, send } from '../testing/bidders.ts';
import { type DeployedSystem, deploySystem } from '../testing/deployed-system.ts';
import { type ImageService, startImageService, unpackImage } from '../testing/image-service.ts';
import { openStream } from '../testing/stream.ts';

/** A bid's whole tree: each span, and the one that it is below. */
const TREE = {
  'POST /v1/auctions/{id}/bids': undefined,
  decide: 'POST /v1/auctions/{id}/bids',
  publish: 'decide',
  consume: 'publish',
  commit: 'consume',
  'fan-out': 'decide',
} as const;
const SERVICES: Readonly<Record<string, string>> = {
  consume: 'archival-worker',
  commit: 'archival-worker',
  'fan-out': 'broadcast-service',
};
/** Their spans are more than a gateway exports at once: some wait, behind an export that hangs. */
const BIDS_WITHOUT_A_COLLECTOR = 100;
/** Spans begin by the milliseconds of the clock and last by a finer one, also in one process. */
const CLOCK_MS = 2;

let collector: TraceCollector;
let system: DeployedSystem;
let gateway: ImageService;
let secret: string;

beforeAll(async () => {
  collector = await startTraceCollector();
  system = await deploySystem({
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: '1',
      LOG_LEVEL: 'debug',
    },
  });
  const [first] = system.gateways;
  if (first === undefined) throw new Error('a gateway is needed');
  gateway = first;
  secret = gateway.environment['JWT_SECRET'] ?? '';
});
afterAll(async () => {
  await system?.stop();
  collector?.stop();
});

test('the spans of one sampled bid form one tree, from the request to Postgres and to the viewer', async () => {
  const auctionId = await createAuction(gateway.server.url, secret);
  const stream = await openStream(
    `${system.broadcasters[0]?.server.url}/v1/auctions/${auctionId}/stream`,
  );
  expect((await bid(auctionId, 'wyatt', 2_000)).status).toBe(201);
  const requestId = newRequestId();
  const answer = await bid(auctionId, 'ann-the-bidder', 7_654_321, { 'x-request-id': requestId });
  expect(answer.status).toBe(201);
  const bidId = String(answer.body['bidId']);
  const seen = await stream.until(`"seq":${String(answer.body['seq'])}`);

  const traceId = await traceOf(requestId);
  const spans = await untilCollected(traceId, Object.keys(TREE));
  const byName = new Map(spans.map((span) => [span.name, span]));
  expect(new Set(byName.keys())).toEqual(new Set(Object.keys(TREE)));
  for (const [name, above] of Object.entries(TREE)) {
    const span = found(byName, name);
    const parent = above === undefined ? undefined : found(byName, above);
    expect([name, span.parentSpanId]).toEqual([name, parent?.spanId]);
    expect([name, span.service]).toEqual([name, SERVICES[name] ?? 'api-gateway']);
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    expect(span.endMs - span.startMs).toBeLessThan(20_000);
    expect(span.startMs).toBeGreaterThanOrEqual((parent?.startMs ?? 0) - CLOCK_MS);
  }
  expect(found(byName, 'decide').endMs).toBeLessThanOrEqual(
    found(byName, 'POST /v1/auctions/{id}/bids').endMs + CLOCK_MS,
  );
  expect(found(byName, 'commit').endMs).toBeLessThanOrEqual(
    found(byName, 'consume').endMs + CLOCK_MS,
  );
  expect(found(byName, 'POST /v1/auctions/{id}/bids').attributes).toMatchObject({
    'http.response.status_code': 201,
    'outcry.auction_id': auctionId,
    'outcry.bid_id': bidId,
    'outcry.request_id': requestId,
    'outcry.result': 'OK',
  });
  expect(found(byName, 'decide').attributes).toMatchObject({ 'db.operation.batch.size': 1 });
  expect(found(byName, 'commit').attributes).toMatchObject({ 'outcry.events': 1 });
  expect(found(byName, 'fan-out').attributes).toMatchObject({ 'outcry.viewers': 1 });

  // No secret of the bid, nor of the one before it.
  expect(JSON.stringify(collector.spans)).not.toMatch(/7654321|wyatt|ann-the-bidder|"sam"|eyJ/);
  // Viewers and bidders hear nothing of traces.
  expect(`${seen}${JSON.stringify(answer.body)}`).not.toMatch(new RegExp(`${traceId}|trace`));

  const lines = await untilLogged(bidId, ['api-gateway', 'archival-worker']);
  expect(lines.map((line) => line['service'])).toEqual(['api-gateway', 'archival-worker']);
  expect(lines[0]).toMatchObject({ requestId, bidId, traceId, auctionId });
  for (const line of lines) expect(line).toMatchObject({ traceId, auctionId });
  await untilLogged(traceId, ['api-gateway', 'archival-worker', 'broadcast-service']);
});

test('sampled bids that one call decides have a whole trace each, and are linked', async () => {
  const auctionId = await createAuction(gateway.server.url, secret);
  const requestIds = Array.from({ length: 24 }, newRequestId);
  const answers = await Promise.all(
    requestIds.map((requestId, i) =>
      bid(auctionId, `bidder-${i}`, 2_000 + 1_000 * i, ASKS_REDIS(requestId)),
    ),
  );
  expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
  const decided = await Promise.all(
    requestIds.map(async (requestId) => {
      const spans = await untilCollected(await traceOf(requestId), ['decide']);
      return found(new Map(spans.map((span) => [span.name, span])), 'decide');
    }),
  );
  const shared = decided.filter((span) => Number(span.attributes['db.operation.batch.size']) > 1);
  expect(shared.length).toBeGreaterThan(1);
  const ids = new Set(decided.map(({ spanId }) => spanId));
  for (const span of shared) {
    const [link] = span.links;
    if (link === undefined) throw new Error('a bid of a shared call without a link');
    // The first one names the requests of the others; these name the call of the first.
    const isCarrier = !ids.has(link.spanId);
    expect(span.links.length).toBe(
      isCarrier ? Number(span.attributes['db.operation.batch.size']) - 1 : 1,
    );
  }
  expect(shared.filter(({ links }) => links.length === 1).length).toBeGreaterThan(0);
});

test('a bid that is refused ends its trace with the script call', async () => {
  const auctionId = await createAuction(gateway.server.url, secret);
  const requestId = newRequestId();
  const answer = await bid(auctionId, 'ann', 1, ASKS_REDIS(requestId));
  expect(answer.body['code']).toBe('BID_TOO_LOW');
  const names = ['POST /v1/auctions/{id}/bids', 'decide'];
  const spans = await untilCollected(await traceOf(requestId), names);
  expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(names));
});

test('a caller cannot ask for a trace, nor put a bid into one of its own', async () => {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const auctionId = await createAuction(gateway.server.url, secret);
  const rare = await startImageService('rarely-traced', gateway.folder, system.folder, {
    ...gateway.environment,
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  onTestFinished(() => rare.server.stop());
  const [asked, sampled] = [newRequestId(), newRequestId()];
  for (const [requestId, at] of [[asked, rare] as const, [sampled, gateway] as const]) {
    const headers = { traceparent, ...ASKS_REDIS(requestId) };
    expect((await bid(auctionId, requestId, 5_000, headers, at)).status).toBe(201);
  }
  // A gateway hands over what it has before it ends.
  await rare.stop();
  await untilCollected(await traceOf(sampled), ['decide']);
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  expect(collector.spans.filter((span) => isOf(span, asked))).toEqual([]);
});

test('without an endpoint nothing of the tracing library is loaded, and nothing is exported', async () => {
  const parent = join(system.folder, 'without-tracing-code');
  const folder = await unpackImage('api-gateway', parent);
  await chmod(folder, 0o755);
  const chunks = (await readdir(folder)).filter((name) => name.startsWith('exporting-tracer-'));
  expect(chunks.length).toBeGreaterThan(0);
  for (const name of chunks) await rm(join(folder, name));
  const { OTEL_EXPORTER_OTLP_ENDPOINT: _endpoint, ...without } = gateway.environment;

  const plain = await startImageService('plain-gateway', folder, system.folder, without);
  onTestFinished(() => plain.server.stop());
  const auctionId = await createAuction(plain.server.url, secret);
  const requestId = newRequestId();
  const answer = await bid(auctionId, 'ann', 2_000, { 'x-request-id': requestId }, plain);
  expect(answer.status).toBe(201);
  expect((await plain.stop()).code).toBe(0);
  expect(collector.spans.filter((span) => isOf(span, requestId))).toEqual([]);

  // The same files cannot trace: it is this code that was not loaded.
  const tracing = startImageService('no-gateway', folder, system.folder, gateway.environment);
  await expect(tracing).rejects.toThrow();
});

test('a collector that does not answer costs bids nothing, and is a line in the log', async () => {
  const hanging = createServer(() => undefined);
  const port = await listenLocally(hanging);
  onTestFinished(() => {
    hanging.close();
    hanging.closeAllConnections();
  });
  const traced = await startImageService('hanging-traces', gateway.folder, system.folder, {
    ...gateway.environment,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    LOG_LEVEL: 'info',
  });
  onTestFinished(() => traced.server.stop());
  const auctionId = await createAuction(traced.server.url, secret);
  let slowestMs = 0;
  let bids = 0;
  await waitUntil(
    async () => {
      const since = performance.now();
      expect((await bid(auctionId, 'ann', 2_000 + bids, {}, traced)).status).toBe(201);
      slowestMs = Math.max(slowestMs, performance.now() - since);
      bids += 1;
      const said = (await readFile(traced.log, 'utf8')).includes('traces cannot be exported');
      return said && bids >= BIDS_WITHOUT_A_COLLECTOR;
    },
    { withinMs: 20_000, everyMs: 5, what: 'a line about the collector, and all bids' },
  );
  expect(slowestMs).toBeLessThan(1_000);
  const { code, tookMs } = await traced.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(10_000);
  expect((await readFile(traced.log, 'utf8')).split('traces cannot be exported')).toHaveLength(2);
});

/** The gateway refuses no bid with a key by itself, from what it remembers. */
const ASKS_REDIS = (requestId: string): Record<string, string> => ({
  'idempotency-key': requestId,
  'x-request-id': requestId,
});

const newRequestId = (): string => `request-${randomBytes(8).toString('hex')}`;

const isOf = ({ attributes }: CollectedSpan, requestId: string): boolean =>
  attributes['outcry.request_id'] === requestId;

/** The trace that a request's first span began. */
const traceOf = (requestId: string): Promise<string> =>
  waitUntil(() => collector.spans.find((span) => isOf(span, requestId))?.traceId, {
    withinMs: 15_000,
    everyMs: 50,
    what: 'the trace of a request',
  });

const bid = (
  auctionId: string,
  userId: string,
  maxAmount: number,
  headers: Readonly<Record<string, string>> = {},
  at: ImageService = gateway,
): Promise<JsonAnswer> =>
  send(
    `${at.server.url}/v1/auctions/${auctionId}/bids`,
    signToken(secret, userId, ['bidder']),
    { maxAmount },
    headers,
  );

/** Spans of a trace, once there is one of each of these names. */
async function untilCollected(traceId: string, names: readonly string[]): Promise<CollectedSpan[]> {
  const ofTrace = (): CollectedSpan[] => collector.spans.filter((span) => span.traceId === traceId);
  await waitUntil(() => names.every((wanted) => ofTrace().some(({ name }) => name === wanted)), {
    withinMs: 15_000,
    everyMs: 50,
    what: `the spans ${names.join(', ')} of a trace`,
  });
  return ofTrace();
}

/** Lines of all logs with this text in them, the gateway's first, once these services have one. */
async function untilLogged(
  text: string,
  services: readonly string[],
): Promise<Record<string, unknown>[]> {
  const all = [...system.gateways, ...system.workers, ...system.broadcasters];
  return waitUntil(
    async () => {
      const logs = await Promise.all(all.map(({ log }) => readFile(log, 'utf8')));
      const lines = logs
        // What is still being written has no line end yet.
        .flatMap((log) => log.split('\n').slice(0, -1))
        .filter((line) => line.includes(text))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      return services.every((name) => lines.some(({ service }) => service === name)) && lines;
    },
    { withinMs: 10_000, everyMs: 50, what: `lines of ${services.join(', ')} with an id` },
  );
}

function found(byName: ReadonlyMap<string, CollectedSpan>, name: string): CollectedSpan {
  const span = byName.get(name);
  if (span === undefined) throw new Error(`no span "${name}"`);
  return span;
}

const attribute = z.object({
  key: z.string(),
  value: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              attributes: z.array(attribute),
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface TraceCollector {
  readonly url: string;
  /** Everything that was exported, in order of arrival. */
  readonly spans: readonly CollectedSpan[];
  stop(): void;
}

/** Takes spans as OTLP JSON over HTTP, as an OpenTelemetry collector does, and keeps them. */
async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') spans.push(...readSpans(Buffer.concat(chunks).toString()));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  const port = await listenLocally(server);
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function readSpans(text: string): CollectedSpan[] {
  return exported.parse(JSON.parse(text)).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap((scope) =>
      scope.spans.map(({ traceId, spanId, parentSpanId, name, links, ...span }) => ({
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        name,
        service,
        startMs: Number(BigInt(span.startTimeUnixNano) / 1_000n) / 1_000,
        endMs: Number(BigInt(span.endTimeUnixNano) / 1_000n) / 1_000,
        attributes: valuesOf(span.attributes),
        links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
      })),
    );
  });
}

const valuesOf = (
  attributes: readonly z.infer<typeof attribute>[],
): Record<string, string | number | boolean | undefined> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
