/**
 * The local overlay as it ships, in a real cluster of one node, under load, while its parts die; then the chart,
 * with servers in another namespace.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bidders } from '../testing/bidders.ts';
import { documentedCommand, documentedLines } from '../containers/documented-lines.ts';
import type { Cluster } from './cluster/cluster.ts';
import { wrongConnections } from './cluster/connections.ts';
import { NAMESPACE_OF_ENTRY, openEntry } from './cluster/entry.ts';
import { Installation } from './cluster/installation.ts';
import { NAMESPACE_OF_SERVERS, startServersAlone } from './cluster/servers.ts';
import { prepareCluster, type PreparedCluster } from './cluster/prepare.ts';

const MINUTES_MS = 60_000;
/** Three servers, twice: a volume that was used stays as it was. */
const VOLUMES = 6;
const LOCAL_URL = 'http://outcry.localhost';
/** Six, each of whom sends a request that failed again, under its key, for minutes. */
const PACE = { bidders: 6, attempts: 100, pauseMs: 100 };
/** One node of two cores holds what is meant for several machines. */
const SMALL = { requests: { cpu: '10m', memory: '32Mi' } };
/** By the label of their pods. */
const PARTS = ['api-gateway', 'broadcast-service', 'archival-worker', 'redis', 'nats', 'postgres'];
const selecting = (part: string): string => `--selector=app.kubernetes.io/name=${part}`;

let prepared: PreparedCluster;
let cluster: Cluster;
let local: Installation;

beforeAll(async () => {
  prepared = await prepareCluster('outcry.localhost', VOLUMES);
  cluster = prepared.cluster;
  local = new Installation(cluster, prepared.checkout, 'local');
}, 90 * MINUTES_MS);
afterAll(() => prepared?.stop(), 2 * MINUTES_MS);

test(
  '`local`: the commands of the installation, as printed, bring everything up; a second `apply` changes nothing',
  { timeout: 15 * MINUTES_MS },
  async () => {
    const [commands = ''] = documentedLines('docs/install.md', '### On one machine');
    const [output] = await Promise.all([local.type(commands), openEntry(cluster, prepared.bases)]);
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
    const { secret, auctions } = await local.newAuctions(LOCAL_URL);
    const bidders = new Bidders(LOCAL_URL, secret, auctions, PACE);
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
    expect(await wrongConnections(cluster, local)).toEqual([]);
  },
);

test(
  'the chart: its lines, as printed, bring the services up beside servers elsewhere; an upgrade changes nothing',
  { timeout: 30 * MINUTES_MS },
  async () => {
    await cluster.kubectl(
      'delete',
      'namespace',
      '--ignore-not-found',
      'outcry',
      NAMESPACE_OF_ENTRY,
    );
    await startServersAlone(prepared);
    const namespaceOfServers = NAMESPACE_OF_SERVERS;
    const chart = new Installation(cluster, prepared.checkout, 'managed', { namespaceOfServers });
    const services = [...PARTS.slice(0, 3), 'webhooks', 'web'];
    const names = { 'kubernetes.io/metadata.name': NAMESPACE_OF_SERVERS };
    const to = [{ namespaceSelector: { matchLabels: names } }];
    const values = {
      host: 'outcry.localhost',
      resources: Object.fromEntries(services.map((name) => [name, SMALL])),
      servers: { redis: { to }, nats: { to }, postgres: { to } },
    };
    await writeFile(join(prepared.checkout.sources, 'values.json'), JSON.stringify(values));
    const [printed = ''] = documentedLines('docs/install.md', '### Helm');
    const commands = printed.trim().replace('--set host=bids.example', '--values values.json');
    await Promise.all([chart.type(commands), openEntry(cluster, prepared.bases)]);
    await chart.ready();
    const before = await chart.state();
    await chart.type(commands.replace(/[^]*helm install/, 'helm upgrade'));
    expect(await chart.state()).toBe(before);

    const { secret, auctions } = await chart.newAuctions(LOCAL_URL);
    const bidders = new Bidders(LOCAL_URL, secret, auctions, PACE);
    try {
      await bidders.reach(50);
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await chart.account(bidders.accepted.map(({ bidId }) => bidId));
  },
);
