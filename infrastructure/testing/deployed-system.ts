/** The whole system as it is deployed: image files, accounts without rights, own credentials. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import {
  containerEnvironment,
  serviceAccount,
  startImageService,
  unpackImage,
  type ImageService,
} from './image-service.ts';
import { startSecuredServers, type SecuredServers, type Variables } from './secured-servers.ts';

export type DeployedSystem = Awaited<ReturnType<typeof deploySystem>>;

export interface DeployOptions {
  readonly gateways?: number;
  readonly broadcasters?: number;
  readonly workers?: number;
  readonly tls?: boolean;
  /** What all services get beside their secrets. */
  readonly variables?: Variables;
  /** Called when the servers run and no service does yet. */
  readonly prepare?: (servers: SecuredServers) => Promise<void>;
}

const SHARDS = '4';
const LOCAL_RECEIVERS = { WEBHOOKS_ALLOW_PRIVATE: '127.0.0.1/32' };

/** Starts everything, the worker first: it declares the empty Redis whole. */
export async function deploySystem(options: DeployOptions = {}) {
  const {
    gateways = 1,
    broadcasters = 1,
    workers = 1,
    tls = false,
    variables = {},
    prepare,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'outcry-deployed-'));
  await chmod(folder, 0o755);
  const started: ImageService[] = [];
  const servers = await startSecuredServers({ folder, tls });
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ server }) => server.stop()));
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const start = async (
    name: string,
    image: string,
    more: Variables,
    program?: string,
  ): Promise<ImageService> => {
    const environment = {
      SHARDS,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_USER_PER_S: '0',
      MAX_PER_SELLER: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
      NATS_STREAM_MAX_BYTES: `${256 * 1024 * 1024}`,
      ...(tls ? { NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') } : {}),
      ...variables,
      ...more,
      ...(await servers.secrets(name)),
    };
    const service = await startImageService(name, image, folder, environment, program);
    started.push(service);
    return service;
  };
  const several = async (
    name: string,
    count: number,
    more: Variables = {},
  ): Promise<ImageService[]> => {
    const image = await unpackImage(name, folder);
    return Promise.all(Array.from({ length: count }, () => start(name, image, more)));
  };
  try {
    const worker = await unpackImage('archival-worker', folder);
    await mustRun(process.execPath, ['migrate.js'], {
      cwd: worker,
      env: await containerEnvironment(folder, {
        ...(tls ? { NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') } : {}),
        ...(await servers.secrets('migrate')),
      }),
      ...serviceAccount,
    });
    await prepare?.(servers);
    const archiving = await Promise.all(
      Array.from({ length: workers }, () => start('archival-worker', worker, LOCAL_RECEIVERS)),
    );
    const webhooks = await start('webhooks', worker, LOCAL_RECEIVERS, 'run-webhooks.js');
    const bidding = await several('api-gateway', gateways);
    const GATEWAY_URL = bidding[0]?.server.url ?? '';
    const showing = await several('broadcast-service', broadcasters, { GATEWAY_URL });
    return {
      /** For whatever the test writes; removed at the end. */
      folder,
      servers,
      gateways: bidding,
      broadcasters: showing,
      workers: archiving,
      /** Delivers to receivers on 127.0.0.1. */
      webhooks,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
