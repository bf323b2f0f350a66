import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { showWarnings } from './log-warnings.ts';
import { createNodeService, waitUntilReady } from './node-service.ts';
import {
  type Addresses,
  IDENTITY_PROVIDER,
  publicUrl,
  type ServicePart,
  SERVICES,
} from './parts.ts';
import { choosePorts } from './choose-ports.ts';
import { beginRunFile, writeRunFile, type RunFile } from './run-file.ts';
import type { LocalServer } from './servers/local-server.ts';
import { keptSecret, serviceEnvironment } from './service-environment.ts';
import { type ServersOptions, startServers } from './start-servers.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const READY_WITHIN_MS = 30_000;

type Ports = Readonly<Record<string, number>>;

export interface SystemOptions extends Partial<Pick<ServersOptions, 'given' | 'durable'>> {
  /** The checkout: services run in folders below it. */
  root: string;
  /** Folder for data, logs, the secret and `run.json`; such as `.local`. */
  folder: string;
  /** TCP ports by part name, or what chooses them (default: free ones). */
  ports?: Ports | (() => Promise<Ports>);
  /** Default: all services of the system. */
  services?: readonly ServicePart[];
  /** Issuer that signs people in; by default the part `identity-provider`, where there is one. */
  issuer?: string;
  /** Whether parts that end unasked are started again (default `true`). */
  restart?: boolean;
  /** Outer environment of the services (default: this process's). */
  env?: NodeJS.ProcessEnv;
  /** Work between the servers' start and the services' start, such as migrations. */
  prepare?: (addresses: Addresses) => Promise<void>;
  /** Receives progress lines and, while the system runs, warnings (default: nobody does). */
  say?: (line: string) => void;
  /** Ends the start early; what runs already is stopped. */
  signal?: AbortSignal;
}

export interface System {
  /** By part name: `redis`, `nats`, `postgres` and the services. */
  readonly urls: Readonly<Record<string, string>>;
  readonly ports: Ports;
  /**
   * One part, to be killed, stopped and started by tests. One that is killed is started again
   * after a pause unless `restart` is false; one that is stopped stays down until its `start()`.
   *
   * @throws Error for an unknown name
   */
  part(name: string): LocalServer;
  /** Stops everything in reverse order. */
  stop(): Promise<void>;
  /** SIGKILL to everything. */
  kill(): Promise<void>;
}

/** What the steps of a start share. */
interface Run {
  readonly options: SystemOptions;
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly file: string;
  readonly record: RunFile;
  readonly supervisor: Supervisor;
  readonly parts: Map<string, LocalServer>;
  readonly ends: (() => void)[];
}

/**
 * Starts the servers and then the services, one after the other, each once the one before is
 * ready, and keeps them running.
 *
 * @throws AlreadyRunningError; Error when a port is taken or a part does not start. Nothing is
 *   left running then.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { services = SERVICES, say = () => {}, restart = true } = options;
  const folder = resolve(options.folder);
  await mkdir(join(folder, 'logs'), { recursive: true });
  const file = join(folder, 'run.json');
  const record = await beginRunFile(file);
  const supervisor = createSupervisor({ say, restart });
  const parts = new Map<string, LocalServer>();
  const run: Run = { options, folder, say, file, record, supervisor, parts, ends: [] };
  try {
    const ports = await choosePorts(services, await givenPorts(options));
    const addresses = await startAllServers(run, ports);
    options.signal?.throwIfAborted();
    await options.prepare?.(addresses);
    for (const service of services) {
      options.signal?.throwIfAborted();
      await startService(run, service, addresses);
    }
  } catch (error) {
    await end(run, () => supervisor.stop());
    throw error;
  }
  return {
    urls: record.urls,
    ports: Object.fromEntries(Array.from(parts, ([name, { port }]) => [name, port])),
    part(name) {
      const part = parts.get(name);
      if (part !== undefined) return part;
      throw new Error(`no part is called ${name}; there are ${[...parts.keys()].join(', ')}`);
    },
    stop: () => end(run, () => supervisor.stop()),
    kill: () => end(run, () => supervisor.kill()),
  };
}

async function add({ file, record, parts }: Run, part: LocalServer): Promise<void> {
  parts.set(part.name, part);
  record.urls[part.name] = part.url;
  await writeRunFile(file, record);
}

function givenPorts({ ports = {} }: SystemOptions): Ports | Promise<Ports> {
  return typeof ports === 'function' ? ports() : ports;
}

async function startAllServers(run: Run, ports: Ports): Promise<Addresses> {
  const { options, folder, say, record, supervisor } = run;
  for (const started of await startServers({ ...options, folder, ports, say })) {
    await add(run, started.given ? started.server : supervisor.keep(started.server));
  }
  const { redis = '', nats = '', postgres = '' } = record.urls;
  return {
    redisUrl: redis,
    natsUrl: nats,
    databaseUrl: postgres,
    jwtSecret: await keptSecret(join(folder, 'jwt-secret'), options.env?.['JWT_SECRET']),
    serviceSecret: await keptSecret(
      join(folder, 'service-secret'),
      options.env?.['SERVICE_SECRET'],
    ),
    issuer: options.issuer ?? localIssuer(ports),
    ports,
  };
}

function localIssuer(ports: Ports): string | undefined {
  const port = ports[IDENTITY_PROVIDER.name];
  return port === undefined ? undefined : publicUrl(port);
}

async function startService(run: Run, service: ServicePart, addresses: Addresses): Promise<void> {
  const { options, folder, say, supervisor, ends } = run;
  const port = addresses.ports[service.name];
  if (port === undefined) throw new Error(`no port was chosen for ${service.name}`);
  const log = join(folder, 'logs', `${service.name}.log`);
  say(`${service.name}: starting on 127.0.0.1:${port}`);
  const part = supervisor.keep(
    createNodeService({
      name: service.name,
      args: service.args(port),
      cwd: join(options.root, service.folder),
      env: serviceEnvironment(service, addresses, options.env ?? process.env),
      port,
      log,
      healthPath: service.healthPath,
    }),
  );
  ends.push(showWarnings(service.name, log, say));
  await part.start();
  await add(run, part);
  const { signal } = options;
  await waitUntilReady(part, { path: service.readyPath, log, withinMs: READY_WITHIN_MS, signal });
}

async function end({ file, ends }: Run, endParts: () => Promise<void>): Promise<void> {
  await endParts();
  for (const end of ends) end();
  await rm(file, { force: true });
}
