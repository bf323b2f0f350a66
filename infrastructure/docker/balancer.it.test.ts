/** The load balancer's configuration, run by nginx in front of the deployed services. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createServer } from '@outcry/local/servers/run-server.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { contentPolicy } from '../../web/content-policy.ts';
import { createAuction, send } from '../testing/bidders.ts';
import { type DeployedSystem, deploySystem } from '../testing/deployed-system.ts';
import { serviceAccount, unpackImage } from '../testing/image-service.ts';
import { ROOT, type Variables } from '../testing/secured-servers.ts';
import { openStream } from '../testing/stream.ts';

const CONFIG = 'infrastructure/docker/balancer.conf';

let system: DeployedSystem;
let web: LocalServer;
let balancer: LocalServer;
let secret: string;

beforeAll(async () => {
  system = await deploySystem({
    gateways: 2,
    broadcasters: 2,
    variables: { TRUSTED_PROXIES: '1' },
  });
  const { folder } = system;
  secret = system.gateways[0]?.environment['JWT_SECRET'] ?? '';
  const image = await unpackImage('web', folder);
  web = await startNginx({
    config: `${image}/web.conf.template`,
    variables: { WEB_CONNECT_TO: '', WEB_FRAMED_BY: 'https://shop.example' },
    listens: 8000,
    healthPath: '/healthz',
    prefix: image,
    folder,
  });
  balancer = await startBalancer({
    'gateway-1:8080': urlOf(system.gateways[0]),
    'gateway-2:8080': urlOf(system.gateways[1]),
    'broadcaster-1:8081': urlOf(system.broadcasters[0]),
    'broadcaster-2:8081': urlOf(system.broadcasters[1]),
    'worker-1:8082': urlOf(system.workers[0]),
    // Down, as far as the balancer can see: history must not mind.
    'worker-2:8082': 'http://127.0.0.1:1',
    'web:8000': web.url,
  });
});
afterAll(async () => {
  await balancer?.stop();
  await web?.stop();
  await system?.stop();
});

const urlOf = (service: { server: LocalServer } | undefined): string => service?.server.url ?? '';

const startBalancer = (
  servers: Record<string, string>,
  pieces: Record<string, string> = {},
): Promise<LocalServer> =>
  startNginx({
    pieces,
    config: CONFIG,
    listens: 8080,
    healthPath: '/balancer/healthz',
    prefix: system.folder,
    folder: system.folder,
    servers,
  });

test('one address serves pages, API, live streams and history', async () => {
  const page = await fetch(`${balancer.url}/auctions/anything`);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toBe(
    contentPolicy({ connectTo: '', framedBy: 'https://shop.example' }),
  );
  expect(html).toContain('<title>');
  const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? '';
  const asset = await fetch(balancer.url + script);
  expect(asset.headers.get('content-type')).toContain('javascript');
  expect(asset.headers.get('cache-control')).toContain('immutable');

  const auctionId = await createAuction(balancer.url, secret);
  const stream = await openStream(`${balancer.url}/v1/auctions/${auctionId}/stream`);
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  const client = clientOf('ann');
  await client.bid(auctionId, { maxAmount: 5_000 });
  await stream.until('"type":"bid"');
  await waitUntil(
    async () =>
      (await send(`${balancer.url}/v1/history/auctions/${auctionId}`, undefined)).status === 200,
    { withinMs: 10_000, what: 'the auction in the history' },
  );
  const heard: string[] = [];
  const feed = new LiveFeed({ url: balancer.url, onAnnouncement: (text) => heard.push(text) });
  onTestFinished(() => feed.close());
  feed.watch(auctionId, {});
  await waitUntil(async () => feed.connected, { withinMs: 10_000, what: 'the connection' });
  const announce = (role: string) =>
    fetch(`${balancer.url}/v1/announcements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${signToken(secret, 'root', [role])}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ text: 'Back in five minutes.' }),
    });
  expect([(await announce('seller')).status, (await announce('admin')).status]).toEqual([403, 202]);
  await waitUntil(async () => heard.length === 1, { withinMs: 5_000, what: 'the announcement' });
  for (const inside of ['/metrics', '/readyz', '/healthz']) {
    expect((await fetch(balancer.url + inside)).status).toBe(404);
  }
});

test(
  'a gateway and a broadcaster die; bidders, readers and viewers notice nothing',
  { timeout: 60_000 },
  async () => {
    const auctionId = await createAuction(balancer.url, secret);
    const feeds = Array.from({ length: 4 }, () => new LiveFeed({ url: balancer.url }));
    onTestFinished(() => feeds.forEach((feed) => feed.close()));
    const watched = feeds.map((feed) => feed.watch(auctionId, {}));
    await waitUntil(() => feeds.every((feed) => feed.connected), {
      withinMs: 10_000,
      what: 'WebSocket connections through the balancer',
    });

    let amount = 1_000;
    let accepted = 0;
    const end = new AbortController();
    const failures: string[] = [];
    const bidding = Array.from({ length: 6 }, async (_, i) => {
      const client = clientOf(`bidder-${i}`);
      while (!end.signal.aborted) {
        amount += 100;
        try {
          await client.bid(auctionId, { maxAmount: amount });
          accepted += 1;
        } catch (error) {
          const code = error instanceof OutcryError ? error.problem.code : String(error);
          if (code !== 'BID_TOO_LOW' && code !== 'MAX_NOT_RAISED') failures.push(code);
        }
      }
    });
    const reading = Array.from({ length: 2 }, async () => {
      while (!end.signal.aborted) {
        const answer = await send(`${balancer.url}/v1/auctions/${auctionId}`, undefined);
        if (answer.status !== 200) failures.push(`GET ${answer.status}`);
      }
    });
    const more = async (bids: number): Promise<void> => {
      const wanted = accepted + bids;
      await waitUntil(() => accepted >= wanted, { withinMs: 20_000, what: 'more accepted bids' });
    };
    await more(100);
    await system.gateways[0]?.server.kill();
    await system.broadcasters[0]?.server.kill();
    await more(200);
    end.abort();
    await Promise.all([...bidding, ...reading]);
    expect(failures).toEqual([]);

    const newest = await send(`${balancer.url}/v1/auctions/${auctionId}`, undefined);
    await waitUntil(() => watched.every((watch) => watch.auction?.seq === newest.body['seq']), {
      withinMs: 15_000,
      what: 'the newest state at every viewer',
    });
  },
);

test('a bid whose connection broke after it was sent is not sent again by the balancer', async () => {
  let lost = 0;
  let taken = 0;
  const dying = await standIn((request) => {
    lost += request.method === 'POST' ? 1 : 0;
    request.socket.destroy();
  });
  const healthy = await standIn((request, response) => {
    taken += request.method === 'POST' ? 1 : 0;
    response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
  });
  const nobody = 'http://127.0.0.1:1';
  const between = await startBalancer({
    'gateway-1:8080': dying,
    'gateway-2:8080': healthy,
    'broadcaster-1:8081': nobody,
    'broadcaster-2:8081': nobody,
    'worker-1:8082': nobody,
    'worker-2:8082': nobody,
    'web:8000': nobody,
  });
  onTestFinished(() => between.stop());
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(`${between.url}/v1/auctions/a/bids`, undefined, {})),
  );
  const unknown = answers.filter(({ status }) => status === 503);
  expect(lost).toBeGreaterThan(0);
  expect(unknown).toHaveLength(lost);
  expect(unknown[0]?.body).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryAfterMs: 1_000 });
  expect(lost + taken).toBe(20);
  // What reads is asked of the other one.
  const reads = await Promise.all(
    Array.from({ length: 20 }, () => send(`${between.url}/v1/auctions`, undefined)),
  );
  expect(reads.map(({ status }) => status)).toEqual(reads.map(() => 201));
});

test('limits count an IPv4 address, and of IPv6 the network of 64 bits', async () => {
  const nobody = 'http://127.0.0.1:1';
  const servers = {
    'gateway-1:8080': nobody,
    'gateway-2:8080': nobody,
    'broadcaster-1:8081': nobody,
    'broadcaster-2:8081': nobody,
    'worker-1:8082': nobody,
    'worker-2:8082': nobody,
    'web:8000': nobody,
  };
  const limited = await startBalancer(servers, {
    'map $remote_addr ': 'map $http_x_test_address ',
    $binary_remote_addr: '$http_x_test_address',
    'rate=100r/s': 'rate=1r/m',
    'burst=1000 nodelay': 'burst=1 nodelay',
  });
  onTestFinished(() => limited.stop());
  const isCounted = async (address: string): Promise<boolean> => {
    const headers = { 'x-test-address': address };
    return (await send(`${limited.url}/socket.io/`, undefined, undefined, headers)).status === 429;
  };
  // Two of one network are taken; a third is one too many, whichever address it has there.
  for (const [used, same, other] of [
    ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', '2001:db8:1:3:3:4:5:6'],
    ['2001:db8:7::1', '2001:db8:7::2:3', '2001:db8:8::1'],
    ['2001:db9::1', '2001:db9::a:b', '2001:dba::1'],
    ['2002::1:2:3:4:5', '2002::1:9:9:9:9', '2002::2:2:3:4:5'],
  ] as const) {
    expect([await isCounted(used), await isCounted(same)]).toEqual([false, false]);
    expect([used, await isCounted(same)]).toEqual([used, true]);
    expect([other, await isCounted(other)]).toEqual([other, false]);
  }
});

test("a problem's type is an address here too, whichever service named it", async () => {
  for (const path of ['/v1/nothing', '/v1/history/auctions/a0-none', '/v1/auctions/a/stream']) {
    const { type } = (await send(balancer.url + path, undefined)).body;
    const page = await fetch(balancer.url + String(type));
    expect([path, page.headers.get('content-type')]).toEqual([path, 'text/plain; charset=utf-8']);
    expect(await page.text()).toContain('Status 404');
  }
});

function clientOf(userId: string): OutcryClient {
  return new OutcryClient({
    gatewayUrl: balancer.url,
    historyUrl: balancer.url,
    token: signToken(secret, userId, ['bidder']),
  });
}

/** A stand-in that misbehaves as no real service can be told to; gives its address. */
async function standIn(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer);
  const port = await listenLocally(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

interface NginxOptions {
  /** Configuration file, from the checkout or absolute. */
  readonly config: string;
  /** The port that the file listens on. */
  readonly listens: number;
  /** Answers 200 when it is up. */
  readonly healthPath: string;
  /** Folder that relative paths of the file are below, and that it writes nothing to. */
  readonly prefix: string;
  /** A folder of the test. */
  readonly folder: string;
  /** What the file calls a server, and where that is here. */
  readonly servers?: Variables;
  /** What the image's entrypoint puts in for `${NAME}`. */
  readonly variables?: Variables;
  /** What else a test needs otherwise: pieces of the file, and what stands there instead. */
  readonly pieces?: Variables;
}

/**
 * Runs one of the deployments' own nginx configurations, with addresses of this machine put in.
 * @throws Error when a name of `servers` is not in the file, or nginx does not come up
 */
async function startNginx(options: NginxOptions): Promise<LocalServer> {
  const {
    config,
    listens,
    healthPath,
    prefix,
    folder,
    servers = {},
    variables = {},
    pieces = {},
  } = options;
  const port = await freePort();
  const temporary = join(folder, 'tmp', `nginx-${port}`);
  await mkdir(temporary, { recursive: true, mode: 0o777 });
  let text = await readFile(join(config.startsWith('/') ? '' : ROOT, config), 'utf8');
  const replaced = {
    ...pieces,
    [`listen ${listens};`]: `listen 127.0.0.1:${port};`,
    ' /tmp/': ` ${temporary}/`,
    ...Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`\${${name}}`, value ?? '']),
    ),
    ...Object.fromEntries(
      Object.entries(servers).map(([name, url]) => [` ${name}`, ` ${new URL(url).host}`]),
    ),
  };
  for (const [from, to] of Object.entries(replaced)) {
    if (!text.includes(from)) throw new Error(`${config} has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  const file = join(temporary, 'nginx.conf');
  await writeFile(file, text, { mode: 0o644 });
  await chmod(temporary, 0o777);
  const url = `http://127.0.0.1:${port}`;
  const server = createServer({
    name: 'nginx',
    url,
    port,
    log: join(folder, `nginx-${port}.log`),
    process: {
      file: await obtainTool('nginx'),
      args: ['-p', prefix, '-e', 'stderr', '-c', file],
      cwd: folder,
      ...serviceAccount,
    },
    stopSignal: 'SIGTERM',
    answers: async () => {
      try {
        return (await fetch(url + healthPath, { signal: AbortSignal.timeout(1_000) })).ok;
      } catch {
        return false;
      }
    },
  });
  await server.start();
  return server;
}
