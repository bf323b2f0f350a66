import { join } from 'node:path';
import { freePort } from '../processes/ports.ts';
import { waitUntil } from '../processes/wait-until.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { redisCommand } from './redis-command.ts';
import { startRedis } from './redis.ts';
import { shippedSettings } from './shipped-settings.ts';

const SLOTS = 16_384;
const FORM_WITHIN_MS = 30_000;
/** As it ships, but a dead master is noticed sooner: a test waits for it. */
const CLUSTER_SETTINGS = Object.entries({
  ...shippedSettings('redis-cluster'),
  'cluster-node-timeout': '2000',
})
  .filter(([name]) => name.startsWith('cluster-') && name !== 'cluster-config-file')
  .flatMap(([name, value]) => [`--${name}`, value]);
/** By default a new replica gets its first copy only after five seconds. */
const REPLICA_SETTINGS = ['--repl-diskless-sync-delay', '0'];

/** A Redis Cluster on this machine. */
export interface LocalCluster {
  /** The first node; clients find the others through it. */
  readonly url: string;
  /** The nodes that began as masters, and one replica of each where replicas were asked for. */
  readonly masters: readonly LocalServer[];
  readonly replicas: readonly LocalServer[];
  /** Stops every node. */
  stop(): Promise<void>;
}

export interface ClusterOptions extends Omit<ServerOptions, 'port' | 'log'> {
  /** Default 3. */
  masters?: number;
  /** Whether each master gets a replica, which takes its place about 3 s after its death. */
  hasReplicas?: boolean;
  /** Further settings of every node. */
  args?: readonly string[];
}

/**
 * Starts the nodes, shares the slots out evenly and waits until every node says that the cluster
 * is whole and every replica has its master's data.
 *
 * @throws Error when a node does not come up or the cluster does not form within 30 s
 */
export async function startRedisCluster(options: ClusterOptions): Promise<LocalCluster> {
  const count = options.masters ?? 3;
  const nodes = await Promise.all(
    Array.from({ length: options.hasReplicas === true ? 2 * count : count }, (_, i) =>
      startNode(options, `node-${i + 1}`),
    ),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
  };
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster needs at least one master');
  try {
    await form(nodes.slice(0, count), nodes.slice(count));
  } catch (error) {
    await stop();
    throw error;
  }
  const servers = nodes.map(({ server }) => server);
  return {
    url: first.server.url,
    masters: servers.slice(0, count),
    replicas: servers.slice(count),
    stop,
  };
}

interface Node {
  readonly server: LocalServer;
  /** Where the nodes talk among themselves. */
  readonly busPort: number;
}

async function startNode(options: ClusterOptions, name: string): Promise<Node> {
  // Without it the nodes talk on their port plus 10,000, which need not be free or exist.
  const busPort = await freePort();
  const server = await startRedis({
    ...options,
    dataDir: join(options.dataDir, name),
    args: [
      ...CLUSTER_SETTINGS,
      ...REPLICA_SETTINGS,
      '--cluster-port',
      `${busPort}`,
      ...(options.args ?? []),
    ],
  });
  return { server, busPort };
}

async function form(masters: readonly Node[], replicas: readonly Node[]): Promise<void> {
  const size = SLOTS / masters.length;
  for (const [i, { server }] of masters.entries()) {
    const first = Math.floor(i * size);
    const last = Math.floor((i + 1) * size) - 1;
    await redisCommand(server, `CLUSTER ADDSLOTSRANGE ${first} ${last}`);
    await redisCommand(server, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
  }
  const nodes = [...masters, ...replicas];
  const [seed] = nodes;
  if (seed === undefined) return;
  for (const { server } of nodes.slice(1)) {
    await redisCommand(server, `CLUSTER MEET 127.0.0.1 ${seed.server.port} ${seed.busPort}`);
  }
  await allWill(nodes, 'the forming of the Redis cluster', async ({ server }) => {
    const info = await redisCommand(server, 'CLUSTER INFO');
    return (
      info.includes(`cluster_slots_ok:${SLOTS}`) &&
      info.includes(`cluster_known_nodes:${nodes.length}`)
    );
  });
  for (const [i, { server }] of replicas.entries()) {
    const master = masters[i];
    if (master === undefined) throw new Error('every master has at most one replica');
    const [, id] = (await redisCommand(master.server, 'CLUSTER MYID')).split('\r\n');
    await redisCommand(server, `CLUSTER REPLICATE ${id}`);
  }
  await allWill(replicas, 'the first copies of the replicas', async ({ server }) =>
    (await redisCommand(server, 'INFO replication')).includes('master_link_status:up'),
  );
}

async function allWill(
  nodes: readonly Node[],
  what: string,
  holds: (node: Node) => Promise<boolean>,
): Promise<void> {
  await waitUntil(async () => (await Promise.all(nodes.map(holds))).every(Boolean), {
    withinMs: FORM_WITHIN_MS,
    what,
  });
}
