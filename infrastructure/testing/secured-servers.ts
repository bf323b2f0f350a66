/** Redis, NATS and Postgres that ask for passwords, with the users of infrastructure/access. */
import { appendFile, chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { freePort } from '@outcry/local/processes/ports.ts';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { postgresAccount } from '@outcry/local/servers/postgres-account.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Variables of one `.env` file. */
export type Variables = Readonly<Record<string, string>>;

/** Of a file's text, a variable a line, as Docker reads it: nothing is quoted. */
export const variablesIn = (text: string): Variables =>
  Object.fromEntries(
    Array.from(text.matchAll(/^([^=\n]+)=(.*)$/gm), ([, name = '', value = '']) => [name, value]),
  );

export type SecuredServers = Awaited<ReturnType<typeof startSecuredServers>>;

interface Options {
  /** A folder that every account may enter. */
  readonly folder: string;
  /** Whether services must speak TLS; the certificate is `certificate.pem` in the folder. */
  readonly tls: boolean;
}

/** Starts the three servers; the database has its roles and no tables. */
export async function startSecuredServers({ folder, tls }: Options) {
  const secretsFolder = join(folder, 'secrets');
  await mustRun(process.execPath, [
    join(ROOT, 'infrastructure/access/make-secrets.mjs'),
    secretsFolder,
    ...(tls ? ['--tls'] : []),
  ]);
  const certificate = tls ? await makeCertificate(folder) : undefined;
  const redisUsers = join(secretsFolder, 'redis-users.acl');
  await appendFile(redisUsers, 'user test-admin on nopass ~* &* +@all\n');
  const redisPort = tls ? await freePort() : undefined;
  const [redis, nats, database] = await Promise.all([
    startRedis({
      dataDir: join(folder, 'redis'),
      args: [
        '--aclfile',
        redisUsers,
        ...(certificate === undefined ? [] : tlsOptions(redisPort ?? 0, certificate)),
      ],
    }),
    startNats({
      dataDir: join(folder, 'nats'),
      config: [
        await readFile(join(secretsFolder, 'nats-users.conf'), 'utf8'),
        certificate === undefined
          ? ''
          : `tls { cert_file: "${certificate.file}", key_file: "${certificate.key}" }`,
      ].join('\n'),
    }),
    startPostgresWithRoles(folder, secretsFolder, certificate),
  ]);
  const places: Variables = {
    'redis:6379': `127.0.0.1:${redisPort ?? redis.port}`,
    'nats:4222': `127.0.0.1:${nats.port}`,
    'postgres:5432': `127.0.0.1:${database.port}`,
  };
  return {
    /** Its `url` names no user, who may do nothing. */
    redis,
    /** The test's own user, who may do everything. */
    redisAdminUrl: `redis://test-admin:any@127.0.0.1:${redis.port}`,
    nats,
    postgres: database,
    /** The variables that `make-secrets.mjs` wrote to `<name>.env`, with the addresses of here. */
    async secrets(name: string): Promise<Variables> {
      let text = await readFile(join(secretsFolder, `${name}.env`), 'utf8');
      for (const [host, place] of Object.entries(places)) text = text.replaceAll(host, place);
      return variablesIn(text);
    },
    async stop(): Promise<void> {
      await Promise.all([redis.stop(), nats.stop(), database.stop()]);
    },
  };
}

interface Certificate {
  readonly file: string;
  readonly key: string;
  /** The same key, owned by whom Postgres runs as: it takes no other. */
  readonly postgresKey: string;
}

const tlsOptions = (port: number, { file, key }: Certificate): string[] =>
  Object.entries({
    '--tls-port': `${port}`,
    '--tls-auth-clients': 'no',
    '--tls-cert-file': file,
    '--tls-key-file': key,
    '--tls-ca-cert-file': file,
  }).flat();

async function startPostgresWithRoles(
  folder: string,
  secretsFolder: string,
  certificate: Certificate | undefined,
): Promise<LocalServer> {
  // The test's own user needs no password, everybody else does.
  const accessFile = join(folder, 'pg_hba.conf');
  const kind = certificate === undefined ? 'host' : 'hostssl';
  const rules = [
    'host all outcry 127.0.0.1/32 trust',
    `${kind} all all 127.0.0.1/32 scram-sha-256`,
  ];
  await writeFile(accessFile, `${rules.join('\n')}\n`);
  await chmod(accessFile, 0o644);
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    durable: false,
    settings: {
      hba_file: accessFile,
      ...(certificate !== undefined && {
        ssl: 'on',
        ssl_cert_file: certificate.file,
        ssl_key_file: certificate.postgresKey,
      }),
    },
  });
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(await readFile(join(secretsFolder, 'postgres-roles.sql'), 'utf8'));
  } finally {
    await sql.end({ timeout: 2 });
  }
  return server;
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const file = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  await mustRun(await obtainTool('openssl'), [
    'req',
    '-x509',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=outcry-test',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
    '-keyout',
    key,
    '-out',
    file,
  ]);
  await chmod(file, 0o644);
  const ownFolder = join(folder, 'postgres-key');
  await mkdir(ownFolder, { mode: 0o755 });
  const postgresKey = join(ownFolder, 'key.pem');
  await writeFile(postgresKey, await readFile(key), { mode: 0o600 });
  const account = await postgresAccount(join(folder, 'postgres', 'server', 'cluster'));
  if (account !== undefined) await chown(postgresKey, account.uid, account.gid);
  return { file, key, postgresKey };
}
