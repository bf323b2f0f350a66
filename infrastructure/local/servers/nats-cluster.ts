import { join } from 'node:path';
import { freePort } from '../processes/ports.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { ask } from './ask.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { startNats } from './nats.ts';

const NODES = 3;
const FORM_WITHIN_MS = 30_000;

/** Three NATS servers that keep their streams together, so that one of them may die. */
export interface LocalNatsCluster {
  /** All of them, joined by commas. */
  readonly url: string;
  readonly servers: readonly LocalServer[];
  stop(): Promise<void>;
}

export type NatsClusterOptions = Omit<ServerOptions, 'port' | 'log'>;

/**
 * Starts the servers and waits until they have chosen a leader for JetStream.
 *
 * @throws Error when a server does not come up or they do not find each other within 30 s
 */
export async function startNatsCluster(options: NatsClusterOptions): Promise<LocalNatsCluster> {
  const [ports, routePorts, monitorPorts] = [await ports3(), await ports3(), await ports3()];
  const routes = routePorts.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ');
  const started = await Promise.allSettled(
    ports.map((port, i) =>
      startNats({
        ...options,
        port,
        dataDir: join(options.dataDir, `nats-${i + 1}`),
        config: [
          `http: "127.0.0.1:${monitorPorts[i]}"`,
          'cluster {',
          '  name: outcry',
          `  listen: "127.0.0.1:${routePorts[i]}"`,
          `  routes: [${routes}]`,
          '}',
        ].join('\n'),
      }),
    ),
  );
  const servers = started.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const end of started) if (end.status === 'rejected') throw end.reason;
    await waitUntil(async () => (await Promise.all(monitorPorts.map(knowsLeader))).every(Boolean), {
      withinMs: FORM_WITHIN_MS,
      everyMs: 100,
      what: 'the forming of the NATS cluster',
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: servers.map(({ url }) => url).join(','), servers, stop };
}

const ports3 = (): Promise<number[]> => Promise.all(Array.from({ length: NODES }, freePort));

/** Whether a server says that JetStream has a leader and all its members are known. */
async function knowsLeader(monitorPort: number): Promise<boolean> {
  const answer = await ask(
    monitorPort,
    'GET /jsz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    (text) => text.includes('\r\n\r\n') && text.trimEnd().endsWith('}'),
  );
  if (answer === undefined) return false;
  return /"leader": *"[^"]+"/.test(answer) && /"cluster_size": *3\b/.test(answer);
}
