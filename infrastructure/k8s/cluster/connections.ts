/** Who may speak to whom in an installation (ARCHITECTURE.md), tried from inside every part's pod. */
import { type Cluster, NODE } from './cluster.ts';
import type { Installation } from './installation.ts';

/** What listens in the pods. */
const LISTENING: Readonly<Record<string, readonly number[]>> = {
  'api-gateway': [8080],
  'broadcast-service': [8081],
  'archival-worker': [8082],
  webhooks: [8084],
  web: [8000],
  redis: [6379],
  nats: [4222, 8222],
  postgres: [5432],
};
/** Bids never reach Postgres, viewers nothing but Redis and gateways. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'api-gateway': ['redis:6379', 'nats:4222'],
  'broadcast-service': ['redis:6379', 'api-gateway:8080'],
  'archival-worker': ['redis:6379', 'nats:4222', 'postgres:5432'],
  webhooks: ['nats:4222', 'postgres:5432'],
};
const OUTSIDE = [
  ['names', '10.96.0.10', 53],
  ["Kubernetes' API", '10.96.0.1', 443],
  ['the node', NODE, 6443],
] as const;

/**
 * What differs from that; empty when all is as it should be.
 * @param among ports at which pods of one part reach each other, such as `redis:16379`
 */
export async function wrongConnections(
  cluster: Cluster,
  installation: Installation,
  among: readonly string[] = [],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const from of Object.keys(LISTENING)) {
    const [pod = ''] = await installation.pods(from);
    const wanted = new Set([
      ...(ALLOWED[from] ?? []),
      ...among.filter((to) => to.startsWith(`${from}:`)),
    ]);
    const tried = Object.entries(LISTENING).flatMap(([to, ports]) =>
      ports.map((port) => `${to}:${port}`),
    );
    for (const place of new Set([...tried, ...among])) {
      const [to = '', port = ''] = place.split(':');
      const target = (await installation.pods(to)).find((each) => each !== pod);
      // A pod always reaches itself.
      if (target === undefined || (to === from && !wanted.has(place))) continue;
      const get = ['get', 'pod', target, '--output=jsonpath={.status.podIP}'];
      const reaches = await cluster.connects(pod, await installation.kubectl(...get), Number(port));
      const may = wanted.has(place);
      if (reaches !== may) wrong.push(`${from} ${may ? 'cannot reach' : 'reaches'} ${place}`);
    }
    for (const [what, address, port] of OUTSIDE) {
      const reaches = await cluster.connects(pod, address, port);
      if (reaches !== (what === 'names')) wrong.push(`${from}, ${what}: ${reaches}`);
    }
  }
  return wrong;
}
