import { join } from 'node:path';

/** Where everything is that a service may need to know. */
export interface Addresses {
  redisUrl: string;
  natsUrl: string;
  databaseUrl: string;
  jwtSecret: string;
  serviceSecret: string;
  /** Of the identity provider that signs people in; undefined where a name is enough. */
  issuer?: string | undefined;
  /** TCP ports of the services, by name. */
  ports: Readonly<Record<string, number>>;
}

/** One service of the system. */
export interface ServicePart {
  name: string;
  /** The environment variable that sets its port, and the port without it. */
  portVariable: string;
  defaultPort: number;
  /** Folder it runs in, below the checkout. */
  folder: string;
  /** Arguments of `node`. */
  args: (port: number) => string[];
  /** Answers 200 when the process is up. */
  healthPath: string;
  /** Answers 200 when it is ready for traffic. */
  readyPath: string;
  /** Its environment, beside what all services get. */
  env: (addresses: Addresses) => Record<string, string>;
}

/** Receivers of webhooks on this machine. */
const LOOPBACK = '127.0.0.0/8,::1/128';

/**
 * The services in the order in which they start: the worker first, because on a fresh system it is
 * the one that declares an empty Redis whole, and the gateway waits for that.
 */
export const SERVICES: readonly ServicePart[] = [
  service('archival-worker', 'WORKER_PORT', 8082, ({ redisUrl, natsUrl, databaseUrl }) => ({
    REDIS_URL: redisUrl,
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    WEBHOOKS_ALLOW_PRIVATE: LOOPBACK,
  })),
  {
    ...service('webhooks', 'WEBHOOKS_PORT', 8084, ({ natsUrl, databaseUrl }) => ({
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      WEBHOOKS_ALLOW_PRIVATE: LOOPBACK,
    })),
    args: () => ['--enable-source-maps', join('archival-worker', 'dist', 'run-webhooks.js')],
  },
  service('api-gateway', 'GATEWAY_PORT', 8080, ({ redisUrl, natsUrl, serviceSecret, ports }) => ({
    SERVICE_SECRET: serviceSecret,
    REDIS_URL: redisUrl,
    NATS_URL: natsUrl,
    PUBLIC_GATEWAY_URL: publicUrl(ports['api-gateway']),
    PUBLIC_BROADCAST_URL: publicUrl(ports['broadcast-service']),
    PUBLIC_HISTORY_URL: publicUrl(ports['archival-worker']),
  })),
  service('broadcast-service', 'BROADCAST_PORT', 8081, ({ redisUrl, serviceSecret, ports }) => ({
    SERVICE_SECRET: serviceSecret,
    REDIS_URL: redisUrl,
    GATEWAY_URL: `http://127.0.0.1:${ports['api-gateway']}`,
  })),
  {
    name: 'web',
    portVariable: 'WEB_PORT',
    defaultPort: 8000,
    folder: 'web',
    args: (port) => [
      join('..', 'node_modules', 'vite', 'bin', 'vite.js'),
      'preview',
      '--host=127.0.0.1',
      `--port=${port}`,
      '--strictPort',
    ],
    healthPath: '/',
    readyPath: '/',
    // Whom its pages may call, and where it passes `/v1/config` on to.
    env: ({ ports, issuer }) => ({
      WEB_CONNECT_TO: ['api-gateway', 'broadcast-service', 'archival-worker']
        .map((name) => publicUrl(ports[name]))
        .flatMap((url) => [url, url.replace('http:', 'ws:')])
        .concat(issuer ?? [])
        .join(' '),
      GATEWAY_URL: `http://127.0.0.1:${ports['api-gateway']}`,
    }),
  },
];

/** For `npm start -- --oidc`, before the services. */
export const IDENTITY_PROVIDER: ServicePart = {
  name: 'identity-provider',
  portVariable: 'IDENTITY_PORT',
  defaultPort: 8083,
  folder: '.',
  args: () => [
    '--import',
    import.meta.resolve('tsx'),
    join('infrastructure', 'local', 'identity', 'main.ts'),
  ],
  healthPath: '/healthz',
  readyPath: '/.well-known/openid-configuration',
  env: ({ ports }) => ({ WEB_ORIGIN: publicUrl(ports['web']) }),
};

/** What a person or a browser calls: the same machine under its usual name. */
export function publicUrl(port: number | undefined): string {
  return `http://localhost:${port}`;
}

function service(
  name: string,
  portVariable: string,
  defaultPort: number,
  env: ServicePart['env'],
): ServicePart {
  return {
    name,
    portVariable,
    defaultPort,
    folder: '.',
    args: () => ['--enable-source-maps', join(name, 'dist', 'main.js')],
    healthPath: '/healthz',
    readyPath: '/readyz',
    env,
  };
}
