// Makes passwords for every user of Redis, NATS and Postgres and writes, into an empty folder, what
// the servers and the services need of them. Compose and Kubernetes use the same files.
//
//   node infrastructure/access/make-secrets.mjs <folder> [--redis host:port,…] [--nats host:port,…]
//        [--postgres host:port/database] [--postgres-read host:port/database] [--tls]
//
// Plain JavaScript without dependencies: an operator runs it with any Node.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    redis: { type: 'string', default: 'redis:6379' },
    nats: { type: 'string', default: 'nats:4222' },
    postgres: { type: 'string', default: 'postgres:5432/outcry' },
    'postgres-read': { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
});
const [folder = ''] = positionals;
if (folder === '') {
  console.error('usage: make-secrets.mjs <empty folder> [options], see the head of the file');
  process.exit(2);
}
mkdirSync(folder, { recursive: true, mode: 0o700 });
if (readdirSync(folder).length > 0) {
  console.error(`${folder} is not empty: passwords that are in use are never written over`);
  process.exit(2);
}

const newPassword = () => randomBytes(24).toString('base64url');
const redis = passwordsOf('redis-users.txt');
const nats = passwordsOf('nats-users.conf');
const postgres = passwordsOf('postgres-roles.sql');

write('redis-users.acl', redisAcl());
write('redis-replica.conf', `masteruser replica\nmasterauth ${redis('replica')}\n`);
write('nats-users.conf', filled('nats-users.conf', nats));
write('nats-routes.conf', natsRoutes());
write('postgres-roles.sql', filled('postgres-roles.sql', postgres));

const JWT_SECRET = newPassword() + newPassword();
// By which the gateway knows the broadcaster.
const SERVICE_SECRET = newPassword() + newPassword();
const urls = (/** @type {string} */ hosts, /** @type {string} */ start) =>
  hosts
    .split(',')
    .map((host) => `${start}@${host}`)
    .join(',');
const REDIS_URL = (/** @type {string} */ user) =>
  urls(values.redis, `${values.tls ? 'rediss' : 'redis'}://${user}:${redis(user)}`);
const NATS_URL = (/** @type {string} */ user) =>
  urls(values.nats, `${values.tls ? 'tls' : 'nats'}://${user}:${nats(user)}`);
const DATABASE_URL = (/** @type {string} */ role, place = values.postgres) =>
  `postgres://${role}:${postgres(role)}@${place}${values.tls ? '?sslmode=verify-full' : ''}`;

environment('api-gateway', {
  REDIS_URL: REDIS_URL('api-gateway'),
  NATS_URL: NATS_URL('api-gateway'),
  JWT_SECRET,
  SERVICE_SECRET,
});
environment('broadcast-service', {
  REDIS_URL: REDIS_URL('broadcast-service'),
  JWT_SECRET,
  SERVICE_SECRET,
});
environment('archival-worker', {
  REDIS_URL: REDIS_URL('archival-worker'),
  NATS_URL: NATS_URL('archival-worker'),
  DATABASE_URL: DATABASE_URL('outcry_archiver'),
  DATABASE_READ_URL: DATABASE_URL('outcry_history', values['postgres-read']),
  JWT_SECRET,
});
environment('webhooks', {
  NATS_URL: NATS_URL('webhooks'),
  DATABASE_URL: DATABASE_URL('outcry_archiver'),
});
environment('migrate', { DATABASE_URL: DATABASE_URL('outcry_migrator') });
environment('rebuild', {
  REDIS_URL: REDIS_URL('rebuild'),
  NATS_URL: NATS_URL('rebuild'),
  DATABASE_URL: DATABASE_URL('outcry_archiver'),
});
environment('verify', {
  REDIS_URL: REDIS_URL('verify'),
  NATS_URL: NATS_URL('verify'),
  DATABASE_URL: DATABASE_URL('outcry_history'),
});
environment('redis', {
  REDIS_PROBE_PASSWORD: redis('probe'),
  CLUSTER_ADMIN_PASSWORD: redis('cluster-admin'),
});
environment('postgres', { POSTGRES_PASSWORD: newPassword() });
environment('grafana', { GF_SECURITY_ADMIN_PASSWORD: newPassword() });

/**
 * A password for each name in braces of a file of this folder.
 * @param {string} file
 */
function passwordsOf(file) {
  const names = read(file).matchAll(/\{([a-z_-]{2,})\}/g);
  const passwords = new Map(Array.from(names, ([, name = '']) => [name, newPassword()]));
  return (/** @type {string} */ name) => {
    const password = passwords.get(name);
    if (password === undefined) throw new Error(`${file} knows no ${name}`);
    return password;
  };
}

/** @param {string} file @param {(name: string) => string} valueOf */
function filled(file, valueOf) {
  return read(file).replaceAll(/\{([a-z_-]{2,})\}/g, (_, /** @type {string} */ name) =>
    valueOf(name),
  );
}

/** Redis takes one line a user, without comments; it gets the passwords' hashes only. */
function redisAcl() {
  const hashed = filled(
    'redis-users.txt',
    (name) => `#${createHash('sha256').update(redis(name)).digest('hex')}`,
  );
  const lines = hashed.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return `${lines.join('\n').replaceAll(/\n +/g, ' ')}\n`;
}

/** For the block `cluster` of several servers: what they ask of each other, and where they find each other. */
function natsRoutes() {
  const password = newPassword();
  const hosts = values.nats.split(',').map((host) => host.replace(/:\d+$/, ''));
  const routes = hosts.map((host) => `  "nats://routes:${password}@${host}:6222"\n`);
  return `authorization { user: routes, password: "${password}" }\nroutes: [\n${routes.join('')}]\n`;
}

/** @param {string} name @param {Record<string, string>} variables */
function environment(name, variables) {
  const lines = Object.entries(variables).map(([key, value]) => `${key}=${value}\n`);
  write(`${name}.env`, lines.join(''));
}

/** @param {string} file */
function read(file) {
  return readFileSync(join(here, file), 'utf8');
}

/**
 * The folder is closed to others; the files are not, because containers run as other users.
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  writeFileSync(join(folder, file), text, { mode: 0o644, flag: 'wx' });
}
