/**
 * Least privilege: the system works with nothing but its own credentials, and each credential is
 * refused everything else. The tables say what each may do, to see that it works at all, and what not.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { connect } from '@nats-io/transport-node';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { createAuction, send } from '../testing/bidders.ts';
import { type DeployedSystem, deploySystem } from '../testing/deployed-system.ts';
import { serviceAccount } from '../testing/image-service.ts';
import { ROOT } from '../testing/secured-servers.ts';
import { openStream } from '../testing/stream.ts';

/** Refused to every user of Redis. */
const EVERYBODY = [
  'FLUSHALL',
  'KEYS *',
  'CONFIG SET appendfsync no',
  'ACL LIST',
  'ACL SETUSER probe +@all',
  'SHUTDOWN NOSAVE',
  'SCRIPT FLUSH',
  'FUNCTION LIST',
  'MONITOR',
  'REPLICAOF NO ONE',
  'SUBSCRIBE {outcry:nodes}#/#',
  'PUBLISH x y',
  'GET somebody-elses-key',
];

/** What each user may do, to see that the rest is refused for want of rights; and what it may not. */
const REDIS: Readonly<Record<string, { allowed: readonly string[]; denied: readonly string[] }>> = {
  'api-gateway': {
    allowed: ['GET {s0}:whole', 'HMGET {s0}:auction:a shown', 'CONFIG GET appendonly'],
    denied: [
      'SET {s0}:whole 1',
      'SET outcry:shards 8',
      'SET {s0}:auction:a x',
      'DEL {s0}:whole',
      'DEL {s0}:log:a',
      'XTRIM {s0}:log:a MAXLEN 0',
      'RENAME {s0}:log:a {s0}:log:b',
      'ZADD outcry:signed-out 1 x',
      'SPUBLISH {outcry:nodes}#/# x',
      'SSUBSCRIBE {s0}:live:a',
      'SSUBSCRIBE {s0}:traces',
      'CLIENT KILL TYPE normal',
      'EVAL return(redis.call("SET",KEYS[1],"1")) 1 {s0}:whole',
    ],
  },
  'broadcast-service': {
    allowed: [
      'HMGET {s0}:auction:a shown',
      'XRANGE {s0}:log:a - +',
      'SPUBLISH {outcry:nodes}#/# x',
    ],
    denied: [
      'ZADD outcry:signed-out 1 x',
      'ZREM outcry:signed-out x',
      'HSET {s0}:auction:a shown x',
      'XADD {s0}:log:a 1-0 a b',
      'HGETALL {s0}:auction:a',
      'HMGET {s0}:item:a json',
      'SPUBLISH {s0}:live:a forged',
      'SPUBLISH {s0}:notices forged',
      'SPUBLISH {s0}:traces forged',
      'SSUBSCRIBE {s0}:due',
      'SPUBLISH {outcry:nodes}x forged',
      'SPUBLISH {outcry:users}:kept forged',
      'EVAL return(1) 0',
      'CONFIG GET requirepass',
    ],
  },
  'archival-worker': {
    allowed: ['GET outcry:shards', 'HMGET {s0}:auction:a shown'],
    denied: [
      'ZREM outcry:signed-out x',
      'XADD {s0}:log:a 1-0 a b',
      'HSET {s0}:item:a json x',
      'SET {s0}:lease me',
      'UNLINK {s0}:auction:a',
      'DEL {s0}:auction:a',
      'SPUBLISH {s0}:live:a forged',
      'SSUBSCRIBE {s0}:live:a',
      'CONFIG GET requirepass',
      'EVAL return(redis.call("XADD",KEYS[1],"1-0","a","b")) 1 {s0}:log:a',
    ],
  },
  rebuild: {
    allowed: ['GET outcry:shards'],
    denied: ['XADD {s0}:log:a 1-0 a b', 'SPUBLISH {s0}:live:a forged', 'CONFIG GET requirepass'],
  },
  verify: {
    allowed: ['GET outcry:shards', 'HMGET {s0}:auction:a shown'],
    denied: [
      'SET {s0}:whole 1',
      'HSET {s0}:auction:a shown x',
      'EVAL return(1) 0',
      'SSUBSCRIBE {s0}:live:a',
      'SPUBLISH {s0}:live:a forged',
    ],
  },
  probe: { allowed: ['PING'], denied: ['GET {s0}:whole', 'INFO', 'CONFIG GET requirepass'] },
  'cluster-admin': {
    allowed: ['PING', 'INFO server'],
    denied: [
      'GET {s0}:whole',
      'HMGET {s0}:auction:a shown',
      'HSET {s0}:auction:a shown x',
      'EVAL return(1) 0',
      'SSUBSCRIBE {s0}:live:a',
      'SPUBLISH {s0}:live:a forged',
      'CONFIG GET requirepass',
      'CLIENT KILL TYPE normal',
    ],
  },
  replica: { allowed: ['PING'], denied: ['GET {s0}:whole', 'INFO', 'CONFIG GET requirepass'] },
};

const DELETING = [
  '$JS.API.STREAM.DELETE.OUTCRY_EVENTS',
  '$JS.API.STREAM.PURGE.OUTCRY_EVENTS',
  '$JS.API.STREAM.MSG.DELETE.OUTCRY_EVENTS',
  '$JS.API.CONSUMER.DELETE.OUTCRY_EVENTS.other',
  '$JS.API.STREAM.CREATE.OTHER',
  '$SYS.REQ.SERVER.PING',
  'anything.else',
];

/** Of an operator alone. */
const RESTARTING = '$JS.API.CONSUMER.DELETE.OUTCRY_EVENTS.archive';

/** Subjects that a user may not publish to, or subscribe to. */
const NATS: Readonly<Record<string, { publish: readonly string[]; subscribe: readonly string[] }>> =
  {
    'api-gateway': {
      publish: [
        ...DELETING,
        RESTARTING,
        '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
        '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.mine',
        '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
        '$JS.API.STREAM.MSG.GET.OUTCRY_EVENTS',
      ],
      subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>', '_INBOX.>'],
    },
    'archival-worker': {
      publish: [...DELETING, RESTARTING, 'outcry.v1.events.0.a0-forged'],
      subscribe: ['outcry.v1.events.>', '>', '_INBOX.api-gateway.>'],
    },
    webhooks: {
      publish: [
        ...DELETING,
        RESTARTING,
        'outcry.v1.events.0.a0-forged',
        '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
        '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.archive',
        '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
        '$JS.API.STREAM.MSG.GET.OUTCRY_EVENTS',
      ],
      subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
    },
    verify: {
      publish: [
        ...DELETING,
        RESTARTING,
        'outcry.v1.events.0.a0-forged',
        '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
        '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.archive',
        '$JS.API.STREAM.UPDATE.OUTCRY_EVENTS',
        '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
      ],
      subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
    },
    rebuild: {
      publish: [...DELETING, 'outcry.v1.events.0.a0-forged'],
      subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
    },
  };

const CHANGING_TABLES = [
  'CREATE TABLE mine (a int)',
  'ALTER TABLE events ADD COLUMN mine int',
  'DROP TABLE events',
  'TRUNCATE events',
  'CREATE INDEX mine ON events (at)',
  'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE SCHEMA mine',
];
const ADMINISTERING = [
  'CREATE ROLE mine SUPERUSER',
  'ALTER ROLE outcry_history SUPERUSER',
  'CREATE DATABASE mine',
  `SELECT pg_read_file('/etc/passwd')`,
  `COPY (SELECT 1) TO PROGRAM 'true'`,
];
const CHANGING_EVIDENCE = [
  'DELETE FROM events',
  'UPDATE events SET amount = 1',
  'DELETE FROM events_0',
  'UPDATE events_0 SET amount = 1',
  `UPDATE conflicts SET line = ''`,
  `UPDATE events SET private = NULL, salt = NULL, hidden = sha256('')`,
  'DELETE FROM discarded_letters',
];
const WRITING = [
  `SELECT unname_events('a0-x', 'ann', now())`,
  `SELECT erase_private_parts('a0-x', 'ann', now())`,
  `UPDATE auctions SET price = 1`,
  `INSERT INTO items (id, seller_id, title) VALUES ('i0-x', 's', 't')`,
];

/** Role to its `.env` file, the variable there, what it may do, and what not. */
const POSTGRES = [
  {
    role: 'outcry_archiver',
    url: ['archival-worker', 'DATABASE_URL'],
    allowed: 'SELECT count(*) FROM events',
    denied: [...CHANGING_TABLES, ...CHANGING_EVIDENCE, ...ADMINISTERING],
  },
  {
    role: 'outcry_history',
    url: ['archival-worker', 'DATABASE_READ_URL'],
    allowed: 'SELECT count(*) FROM history_events',
    denied: [
      ...CHANGING_TABLES,
      ...CHANGING_EVIDENCE,
      ...ADMINISTERING,
      ...WRITING,
      'SELECT secret FROM webhooks',
      'SELECT payload FROM webhook_deliveries',
    ],
  },
  {
    role: 'outcry_migrator',
    url: ['migrate', 'DATABASE_URL'],
    allowed: 'CREATE TABLE made_by_a_migration (a int)',
    denied: ADMINISTERING,
  },
] as const;

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
