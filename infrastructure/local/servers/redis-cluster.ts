import { join } from 'node:path';
import { freePort } from '../processes/ports.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { ask } from './ask.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { startRedis } from './redis.ts';

const SLOTS = 16_384;
const FORM_WITHIN_MS = 20_000;
const CLUSTER_SETTINGS = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];

/** A Redis Cluster of masters on this machine. */
export interface LocalCluster {
  /** The first node; clients find the others through it. */
  readonly url: string;
  readonly masters: readonly LocalServer[];
  /** Stops every node. */
  stop(): Promise<void>;
}

export interface ClusterOptions extends Omit<ServerOptions, 'port' | 'log'> {
  /** Default 3. */
  masters?: number;
}

/**
 * Starts the nodes, shares the slots out evenly and waits until every node says that the cluster
 * is whole.
 *
 * @throws Error when a node does not come up or the cluster does not form within 20 s
 */
export async function startRedisCluster(options: ClusterOptions): Promise<LocalCluster> {
  const count = options.masters ?? 3;
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i): Promise<Node> => {
      // Without it the nodes talk on their port plus 10,000, which need not be free or exist.
      const busPort = await freePort();
      const server = await startRedis({
        ...options,
        dataDir: join(options.dataDir, `node-${i + 1}`),
        args: [...CLUSTER_SETTINGS, '--cluster-port', `${busPort}`],
      });
      return { server, busPort };
    }),
  );
  const masters = nodes.map(({ server }) => server);
  const stop = async (): Promise<void> => {
    await Promise.all(masters.map((node) => node.stop()));
  };
  try {
    await form(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = masters;
  if (first === undefined) throw new Error('a cluster needs at least one master');
  return { url: first.url, masters, stop };
}

interface Node {
  readonly server: LocalServer;
  /** Where the nodes talk among themselves. */
  readonly busPort: number;
}

async function form(nodes: readonly Node[]): Promise<void> {
  const masters = nodes.map(({ server }) => server);
  const size = SLOTS / masters.length;
  const [seed] = nodes;
  for (const [i, node] of masters.entries()) {
    const first = Math.floor(i * size);
    const last = Math.floor((i + 1) * size) - 1;
    await command(node, `CLUSTER ADDSLOTSRANGE ${first} ${last}`);
    await command(node, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    if (seed === undefined || i === 0) continue;
    await command(node, `CLUSTER MEET 127.0.0.1 ${seed.server.port} ${seed.busPort}`);
  }
  await waitUntil(async () => (await Promise.all(masters.map(knowsAll))).every(Boolean), {
    withinMs: FORM_WITHIN_MS,
    what: 'the forming of the Redis cluster',
  });

  async function knowsAll(node: LocalServer): Promise<boolean> {
    const info = await command(node, 'CLUSTER INFO');
    return (
      info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters.length}`)
    );
  }
}

async function command(node: LocalServer, line: string): Promise<string> {
  const answer = await ask(node.port, `${line}\r\nQUIT\r\n`, (text) => text.endsWith('+OK\r\n'));
  if (answer === undefined || answer.startsWith('-')) {
    throw new Error(`Redis node ${node.port} refused "${line}": ${answer ?? 'no answer'}`);
  }
  return answer;
}
