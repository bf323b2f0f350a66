/** The local overlay as it ships, in a real cluster of one node, under load, while its parts die. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bidders } from '../testing/bidders.ts';
import { type Checkout, copyCheckout } from '../containers/checkout.ts';
import { documentedCommand, documentedLines } from '../containers/documented-lines.ts';
import { type Cluster, NODE, startCluster } from './cluster/cluster.ts';
import { defineGateways, openEntry } from './cluster/entry.ts';
import { makeImages } from './cluster/images.ts';
import { resolveName } from './cluster/names.ts';
import { Installation } from './cluster/installation.ts';
import { obtainClusterPrograms } from './cluster/programs.ts';

const MINUTES_MS = 60_000;
const LOCAL_URL = 'http://outcry.localhost';
/** Six, each of whom sends a request that failed again, under its key, for minutes. */
const PACE = { bidders: 6, attempts: 100, pauseMs: 100 };
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
/** Who may speak to whom (ARCHITECTURE.md): bids never reach Postgres, viewers nothing but Redis and gateways. */
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
/** By the label of their pods. */
const PARTS = ['api-gateway', 'broadcast-service', 'archival-worker', 'redis', 'nats', 'postgres'];
const selecting = (part: string): string => `--selector=app.kubernetes.io/name=${part}`;

let checkout: Checkout;
let cluster: Cluster;
let nginx: string;

beforeAll(async () => {
  resolveName('outcry.localhost', NODE);
  const programs = await obtainClusterPrograms();
  checkout = await copyCheckout();
  const images = await makeImages(checkout, programs);
  cluster = await startCluster(programs);
  await cluster.load(images.archive);
  await cluster.makeVolumes();
  await defineGateways(cluster);
  nginx = images.bases.find(({ image }) => image.startsWith('nginx:'))?.image ?? '';
}, 90 * MINUTES_MS);
afterAll(async () => {
  await cluster?.stop();
  await checkout?.remove();
}, 2 * MINUTES_MS);

test(
  '`local`: the commands of the installation, as printed, bring everything up; a second `apply` changes nothing',
  { timeout: 15 * MINUTES_MS },
  async () => {
    const local = new Installation(cluster, checkout, 'local');
    const [commands = ''] = documentedLines('docs/install.md', '### On one machine');
    const [output] = await Promise.all([local.type(commands), openEntry(cluster, nginx)]);
    expect(output).toContain('{"items":[],"nextCursor":null}');
    await local.ready();
    const before = await local.state();
    await local.type('kubectl apply --kustomize infrastructure/k8s/overlays/local');
    expect(await local.state()).toBe(before);
  },
);

test(
  '`local`: under load the pods of every part are killed and deleted: nothing accepted is lost',
  { timeout: 30 * MINUTES_MS },
  async () => {
    const local = new Installation(cluster, checkout, 'local');
    const { secret, auctions } = await local.newAuctions(LOCAL_URL);
    const bidders = new Bidders(() => LOCAL_URL, secret, auctions, PACE);
    const goOn = async (): Promise<void> => {
      await local.ready();
      await bidders.reach(bidders.accepted.length + 20);
    };
    try {
      await bidders.reach(20);
      for (const part of PARTS) {
        for (const pod of await local.pods(part)) await cluster.killProcesses(pod);
        await goOn();
        await local.kubectl('delete', 'pods', selecting(part));
        await goOn();
        await local.kubectl('delete', 'pods', selecting(part), '--grace-period=0', '--force');
        await goOn();
      }
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await local.account(bidders.accepted.map(({ bidId }) => bidId));
  },
);

test(
  '`local`: Postgres is backed up and asked by the lines of the docs',
  { timeout: 5 * MINUTES_MS },
  async () => {
    const local = new Installation(cluster, checkout, 'local');
    const dump = documentedCommand('docs/operate.md', '## Backup and restore', 'kubectl');
    await local.type(dump);
    expect(await local.type('head -c 5 outcry.dump')).toBe('PGDMP');
    const ask = documentedCommand('docs/operate.md', '### Administrators', 'kubectl');
    expect(await local.type(ask)).toContain('(1 row)');
  },
);

test(
  '`local`: every pod reaches what the policies name, and nothing else',
  { timeout: 10 * MINUTES_MS },
  async () => {
    const local = new Installation(cluster, checkout, 'local');
    const wrong: string[] = [];
    for (const from of [...PARTS, 'web']) {
      const [pod = ''] = await local.pods(from);
      for (const [to, ports] of Object.entries(LISTENING)) {
        // A pod always reaches itself.
        if (to === from) continue;
        const [target = ''] = await local.pods(to);
        const address = await local.kubectl(
          'get',
          'pod',
          target,
          '--output=jsonpath={.status.podIP}',
        );
        for (const port of ports) {
          const reaches = await cluster.connects(pod, address, port);
          const may = ALLOWED[from]?.includes(`${to}:${port}`) ?? false;
          if (reaches !== may)
            wrong.push(`${from} ${may ? 'cannot reach' : 'reaches'} ${to}:${port}`);
        }
      }
      for (const [what, address, port] of OUTSIDE) {
        const reaches = await cluster.connects(pod, address, port);
        if (reaches !== (what === 'names')) wrong.push(`${from}, ${what}: ${reaches}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);
