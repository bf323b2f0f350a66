/**
 * Least privilege: the system works with nothing but its own credentials, and each credential is
 * refused everything else.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { createAuction, send } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';
import { serviceAccount } from '../testing/image-service.ts';
import { mustRun, ROOT } from '../testing/secured-servers.ts';
import { openStream } from '../testing/stream.ts';
import { EVERYBODY, NATS, POSTGRES, REDIS } from './forbidden.ts';

let system: DeployedSystem;
let gatewayUrl: string;
let secret: string;

beforeAll(async () => {
  system = await deploySystem();
  const [gateway] = system.gateways;
  gatewayUrl = gateway?.server.url ?? '';
  secret = gateway?.environment['JWT_SECRET'] ?? '';
});
afterAll(() => system?.stop());

test('a bid goes all the way, and no server refused anything on it', async () => {
  const auctionId = await createAuction(gatewayUrl, secret);
  const url = `${system.broadcasters[0]?.server.url}/v1/auctions/${auctionId}/stream`;
  const stream = await openStream(url);
  const seller = signToken(secret, 'sam', ['seller']);
  const bidUrl = `${gatewayUrl}/v1/auctions/${auctionId}/bids`;
  const bid = await send(bidUrl, signToken(secret, 'ann', ['bidder']), { maxAmount: 5_000 });
  expect(bid.status).toBe(201);
  expect(await stream.until('"type":"bid"')).toContain('"amount":1000');
  // The keeper's and the seal's work too: an auction that starts and ends by itself.
  const short = await send(`${gatewayUrl}/v1/auctions`, seller, {
    item: { title: 'Short' },
    currency: 'USD',
    startPrice: 100,
    durationSeconds: 1,
    softClose: null,
  });
  expect(short.status).toBe(201);
  const historyUrl = `${system.workers[0]?.server.url}/v1/history/auctions`;
  await waitUntil(
    async () => {
      const bids = await send(`${historyUrl}/${auctionId}/bids`, undefined);
      const proof = await send(`${historyUrl}/${String(short.body['id'])}/proof`, undefined);
      return JSON.stringify(bids.body).includes('"amount":1000') && proof.status === 200;
    },
    { withinMs: 20_000, everyMs: 100, what: 'the bid and the seal in the history' },
  );
  const admin = redisAs(system.servers.redisAdminUrl);
  expect(await admin.acl('LOG')).toEqual([]);
  expect(await violationsInLogs()).toEqual([]);
});

test('tools of an operator work with their own credentials', { timeout: 60_000 }, async () => {
  const admin = redisAs(system.servers.redisAdminUrl);
  const auctionId = await createAuction(gatewayUrl, secret);
  const history = `${system.workers[0]?.server.url}/v1/history/auctions/${auctionId}`;
  await waitUntil(async () => (await send(history, undefined)).status === 200, {
    withinMs: 10_000,
    what: 'the auction in the archive',
  });
  // As docs/operate.md says: in a worker's container, with a file of variables as input.
  const inContainer = 'set -a; . /dev/stdin; exec node';
  const operate = await readFile(join(ROOT, 'docs/operate.md'), 'utf8');
  expect(operate).toContain(inContainer);
  const runTool = async (program: string, secrets: string): Promise<string> => {
    const variables = Object.entries(await system.servers.secrets(secrets));
    const file = join(system.folder, `${secrets}-here.env`);
    await writeFile(file, variables.map(([name, value]) => `${name}=${value}\n`).join(''));
    return mustRun('sh', ['-c', `cat ${file} | sh -c '${inContainer} ${program}'`], {
      cwd: system.workers[0]?.folder ?? '',
      env: { SHARDS: '4', PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
      ...serviceAccount,
    });
  };
  expect(await runTool('run-verify.js', 'verify')).toContain(' archived events');
  expect(await runTool('run-dead-letters.js', 'rebuild')).toContain('no dead letters');
  expect(await runTool('run-replay.js', 'rebuild')).toMatch(/read [1-9]\d* messages again/);

  await admin.flushall();
  expect(await runTool('run-rebuild.js', 'rebuild')).toContain('Done');
  const bidUrl = `${gatewayUrl}/v1/auctions/${auctionId}/bids`;
  await waitUntil(
    async () => {
      const token = signToken(secret, 'ann', ['bidder']);
      return (await send(bidUrl, token, { maxAmount: 5_000 })).status === 201;
    },
    { withinMs: 10_000, what: 'a bid on the restored auction' },
  );
  expect(await admin.acl('LOG')).toEqual([]);
  expect(await violationsInLogs()).toEqual([]);
});

test('every user that the servers know is tried', async () => {
  const known = {
    redis: await usersIn('redis-users.txt', /^user (\S+) on /gm),
    nats: await usersIn('nats-users.conf', /^ *user: "([^"]+)"/gm),
    postgres: await usersIn('postgres-roles.sql', /^CREATE ROLE (\w+)/gm),
  };
  expect(known).toEqual({
    redis: new Set(Object.keys(REDIS)),
    nats: new Set(Object.keys(NATS)),
    postgres: new Set(POSTGRES.map(({ role }) => role)),
  });
});

test.each(Object.entries(REDIS))('Redis: %s', async (user, { allowed, denied }) => {
  const redis = redisAs(await redisUrlOf(user));
  for (const command of allowed) await expect(run(redis, command)).resolves.toBeDefined();
  for (const command of [...EVERYBODY, ...denied]) {
    expect(`${command}: ${String(await run(redis, command).catch(String))}`).toMatch(
      /NOPERM|ACL failure in script|executing the script can't/,
    );
  }
});

test('Redis: nobody gets in without a password', async () => {
  const { redis } = system.servers;
  await expect(redisAs(redis.url).ping()).rejects.toThrow(/NOAUTH/);
  const wrong = `redis://api-gateway:wrong@127.0.0.1:${redis.port}`;
  await expect(redisAs(wrong).ping()).rejects.toThrow(/WRONGPASS|NOAUTH/);
  // `default` keeps its rights for the replay of the append-only file, and nobody can become it.
  for (const command of ['AUTH default', 'AUTH default any', 'AUTH any', 'RESET', 'GET any']) {
    await expect(run(redisAs(redis.url), command), command).rejects.toThrow(/WRONGPASS|NOAUTH/);
  }
});

test.each(Object.entries(NATS))('NATS: %s', async (user, { publish, subscribe }) => {
  const { user: name, pass, servers } = natsCredentials(await urlOf(user, 'NATS_URL'));
  const connection = await connect({ servers, user: name, pass, inboxPrefix: `_INBOX.${user}` });
  onTestFinished(() => connection.close());
  const refused: string[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') refused.push(status.error.message);
    }
  })();
  const info = await connection.request('$JS.API.STREAM.INFO.OUTCRY_EVENTS', '');
  expect(info.string()).toContain('"messages"');
  for (const subject of publish) connection.publish(subject, '{}');
  for (const subject of subscribe) connection.subscribe(subject, { callback: () => undefined });
  await connection.flush();
  const wanted = [...publish, ...subscribe];
  await waitUntil(
    () => wanted.every((subject) => refused.some((r) => r.includes(`"${subject}"`))),
    {
      withinMs: 5_000,
      what: `the refusal of all of ${wanted.join(' ')}; refused were: ${refused.join(' ')}`,
    },
  );
});

test('NATS: nobody gets in without a password', async () => {
  const servers = `127.0.0.1:${system.servers.nats.port}`;
  await expect(connect({ servers, reconnect: false })).rejects.toThrow(/authorization/i);
  const wrong = connect({ servers, user: 'api-gateway', pass: 'wrong', reconnect: false });
  await expect(wrong).rejects.toThrow(/authorization/i);
});

test.each(POSTGRES)('Postgres: $role', async ({ url: [file, variable], allowed, denied }) => {
  const sql = postgres(await urlOf(file, variable), { max: 1, onnotice: () => undefined });
  onTestFinished(() => sql.end({ timeout: 1 }));
  await sql.unsafe(allowed);
  // A role may switch this off: what counts is what it was granted.
  await sql.unsafe('SET default_transaction_read_only = off');
  for (const statement of denied) {
    const outcome = await sql.unsafe(statement).catch((error: unknown) => error);
    const code = outcome instanceof postgres.PostgresError ? outcome.code : 'none';
    expect(`${statement}: ${code}`).toBe(`${statement}: 42501`);
  }
});

test('Postgres: nobody gets in with a wrong password', async () => {
  const url = new URL(await urlOf('migrate', 'DATABASE_URL'));
  url.password = 'wrong';
  const sql = postgres(url.href, { max: 1 });
  onTestFinished(() => sql.end({ timeout: 1 }));
  await expect(sql`SELECT 1`).rejects.toThrow(/password authentication failed/);
});

/** Users that a file of this folder names. */
async function usersIn(file: string, pattern: RegExp): Promise<Set<string | undefined>> {
  const text = await readFile(join(ROOT, 'infrastructure/access', file), 'utf8');
  return new Set(Array.from(text.matchAll(pattern), ([, user]) => user));
}

function redisAs(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

function run(redis: Redis, command: string): Promise<unknown> {
  const [name = '', ...args] = command.split(' ');
  return redis.call(name, ...args);
}

async function redisUrlOf(user: string): Promise<string> {
  const port = system.servers.redis.port;
  if (user === 'probe') {
    const { REDIS_PROBE_PASSWORD: password } = await system.servers.secrets('redis');
    return `redis://probe:${password}@127.0.0.1:${port}`;
  }
  if (user === 'cluster-admin') {
    const { CLUSTER_ADMIN_PASSWORD: password } = await system.servers.secrets('redis');
    return `redis://cluster-admin:${password}@127.0.0.1:${port}`;
  }
  if (user === 'replica') {
    const config = await readFile(join(system.folder, 'secrets', 'redis-replica.conf'), 'utf8');
    return `redis://replica:${/masterauth (\S+)/.exec(config)?.[1]}@127.0.0.1:${port}`;
  }
  return urlOf(user, 'REDIS_URL');
}

async function urlOf(file: string, variable: string): Promise<string> {
  const url = (await system.servers.secrets(file))[variable];
  if (url === undefined) throw new Error(`${file}.env has no ${variable}`);
  return url;
}

function natsCredentials(text: string): { servers: string; user: string; pass: string } {
  const url = new URL(text);
  return { servers: url.host, user: url.username, pass: url.password };
}

/** What the servers wrote about refusals. */
async function violationsInLogs(): Promise<string[]> {
  const files = ['nats/nats.log', 'postgres/postgres.log'];
  const texts = await Promise.all(files.map((f) => readFile(join(system.folder, f), 'utf8')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => /violation|permission denied/i.test(line));
}
