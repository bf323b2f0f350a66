/**
 * The production overlay in a cluster of one node, under bids at a steady rate: each part is rolled out, all of
 * Redis goes at once, the passwords change. What bidders notice is written to docs/test-k8s.md.
 */
import { writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { BaseImage } from '../containers/base-images.ts';
import { documentedLines } from '../containers/documented-lines.ts';
import { Bidders, NONE_YET } from '../testing/bidders.ts';
import { commit, machine, today } from '../testing/run-facts.ts';
import { ROOT } from '../testing/secured-servers.ts';
import { wrongConnections } from './cluster/connections.ts';
import { openEntry } from './cluster/entry.ts';
import { Installation } from './cluster/installation.ts';
import { prepareCluster, type PreparedCluster } from './cluster/prepare.ts';
import { versionsOfCluster } from './cluster/programs.ts';

const MINUTES_MS = 60_000;
/** What a whole cluster on two cores, beside other work, may need for some bids. */
const PATIENCE_MS = 10 * MINUTES_MS;
const URL = 'http://outcry.example';
/** Nine of Redis, three of NATS, one of Postgres. */
const VOLUMES = 13;
/** 50 bids per second, where an answer takes 40 ms; at most 60. */
const PACE = { bidders: 12, attempts: 150, pauseMs: 200 };
const PARTS = [
  'deployment/archival-worker',
  'deployment/webhooks',
  'deployment/broadcast-service',
  'deployment/api-gateway',
  'deployment/web',
  'statefulset/nats',
  'statefulset/postgres',
  'statefulset/redis',
];
/** One node of two cores holds what is meant for several machines. */
const SMALL = `
  - target: { kind: Deployment|StatefulSet }
    patch: |
      - { op: replace, path: /spec/template/spec/containers/0/resources/requests, value: { cpu: 10m, memory: 32Mi } }
`;

let prepared: PreparedCluster;
let production: Installation;

beforeAll(async () => {
  prepared = await prepareCluster('outcry.example', VOLUMES);
  const { cluster, checkout } = prepared;
  const overlay = 'infrastructure/k8s/overlays/production/kustomization.yaml';
  await appendFile(join(checkout.sources, overlay), SMALL);
  production = new Installation(cluster, checkout, 'production');
}, 90 * MINUTES_MS);
afterAll(() => prepared?.stop(), 2 * MINUTES_MS);

test(
  'the commands of the installation, as printed, bring everything up; a second `apply` changes nothing',
  { timeout: 40 * MINUTES_MS },
  async () => {
    const [commands = ''] = documentedLines('docs/install.md', '### Production');
    await Promise.all([production.type(commands), openEntry(prepared.cluster, prepared.bases)]);
    // The autoscaler brings them to three when it first looks.
    for (const deployment of ['api-gateway', 'broadcast-service']) await scaledTo(deployment, 3);
    await production.ready();
    const before = await production.state();
    await production.type('kubectl apply --kustomize infrastructure/k8s/overlays/production');
    expect(await production.state()).toBe(before);
  },
);

test(
  'a rollout of each part under bids at a steady rate loses and refuses none',
  { timeout: 90 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await production.newAuctions(URL);
    const bidders = new Bidders(URL, secret, auctions, PACE);
    const rollouts: Rollout[] = [];
    const measure = async (what: string, step: () => Promise<void>): Promise<void> => {
      bidders.slowest = NONE_YET;
      const [accepted, startedAt] = [bidders.accepted.length, performance.now()];
      await step();
      const seconds = (performance.now() - startedAt) / 1_000;
      const bids = bidders.accepted.length - accepted;
      rollouts.push({ what, seconds, bids, longestMs: bidders.slowest.ms });
      console.log(what, bidders.slowest);
    };
    try {
      await bidders.reach(50, PATIENCE_MS);
      await measure('nothing', () => bidders.reach(bidders.accepted.length + 500, PATIENCE_MS));
      for (const part of PARTS) {
        await measure(part, async () => {
          await production.kubectl('rollout', 'restart', part);
          await production.kubectl('rollout', 'status', part, '--timeout=900s');
          await production.ready();
          await bidders.reach(bidders.accepted.length + 20, PATIENCE_MS);
        });
      }
      await measure('all pods of redis deleted at once', async () => {
        await production.kubectl('delete', 'pods', '--selector=app.kubernetes.io/name=redis');
        await production.ready();
        await bidders.reach(bidders.accepted.length + 20, PATIENCE_MS);
      });
    } finally {
      await bidders.stop();
      console.table(rollouts);
    }
    expect(bidders.failures).toEqual([]);
    await production.account(bidders.accepted.map(({ bidId }) => bidId));
    writeReport(prepared.bases, rollouts);
  },
);

test(
  'all passwords are changed as the docs say, under bids: none fails',
  { timeout: 40 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await production.newAuctions(URL);
    const bidders = new Bidders(URL, secret, auctions, PACE);
    const [, commands = ''] = documentedLines('docs/operate.md', '### Changing passwords');
    try {
      await bidders.reach(50, PATIENCE_MS);
      await production.type(commands);
      await production.ready();
      await bidders.reach(bidders.accepted.length + 50, PATIENCE_MS);
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await production.account(bidders.accepted.map(({ bidId }) => bidId));
  },
);

test(
  'a fleet that was scaled keeps its size when the overlay is applied',
  { timeout: 30 * MINUTES_MS },
  async () => {
    await production.kubectl('scale', 'deployment/api-gateway', '--replicas=4');
    await production.ready();
    await production.type('kubectl apply --kustomize infrastructure/k8s/overlays/production');
    await production.ready();
    await scaledTo('api-gateway', 4);
  },
);

test(
  'every pod reaches what the policies name, and nothing else',
  { timeout: 20 * MINUTES_MS },
  async () => {
    const among = ['redis:6379', 'redis:16379', 'nats:6222'];
    expect(await wrongConnections(prepared.cluster, production, among)).toEqual([]);
  },
);

/** Waits until a Deployment wants and has so many pods. */
async function scaledTo(deployment: string, count: number): Promise<void> {
  const get = [
    'get',
    `deployment/${deployment}`,
    '--output=jsonpath={.spec.replicas} {.status.readyReplicas}',
  ];
  await waitUntil(async () => (await production.kubectl(...get)) === `${count} ${count}`, {
    withinMs: PATIENCE_MS,
    everyMs: 500,
    what: `${count} pods of ${deployment}`,
  });
}

const TRIED = [
  [
    'kubernetes.k8s.test.ts',
    '`local`: installation; a second `apply` changes nothing; pods of every part killed, deleted, deleted by force under ' +
      'load; backup; who reaches whom; the chart: installation with servers in another namespace, and an upgrade',
  ],
  [
    'production.k8s.test.ts',
    '`production`: installation; a second `apply` changes nothing; a rollout of each part and all of Redis deleted at once ' +
      'under load; new passwords under load; a scaled fleet and `apply`; who reaches whom',
  ],
] as const;

interface Rollout {
  readonly what: string;
  readonly seconds: number;
  /** Accepted meanwhile. */
  readonly bids: number;
  /** How long the slowest of them took, with all that was sent again for it. */
  readonly longestMs: number;
}

/** Keeps the last results in docs/test-k8s.md. Called when everything was accepted and accounted for. */
function writeReport(images: readonly BaseImage[], rollouts: readonly Rollout[]): void {
  const rows = rollouts.map(
    ({ what, seconds, bids, longestMs }) =>
      `| ${what} | ${seconds.toFixed(0)} s | ${bids} | ${(bids / seconds).toFixed(1)} | ${(longestMs / 1_000).toFixed(2)} s |`,
  );
  const ran = images
    .filter(({ image }) => /^(?:node|redis|nats|postgres|nginx):/.test(image))
    .map(
      ({ image, isStandIn, version }) =>
        `| \`${image}\` | ${isStandIn ? 'stand-in' : 'official'} | ${version} |`,
    );
  const lines = [
    '# Tests on Kubernetes, and their last results',
    '',
    '`npm run test:k8s` starts a cluster of one node ([how](adr/0052-a-cluster-in-namespaces.md)) for each of these files, and',
    "types the commands of the docs as printed. nginx with the routes of Compose's balancer stands in for Envoy Gateway.",
    '',
    '| test | what is tried |',
    '| --- | --- |',
    ...TRIED.map(([file, what]) => `| [${file}](../infrastructure/k8s/${file}) | ${what} |`),
    '',
    'After each load every accepted bid must be in Postgres once, and `run-verify.js` must agree.',
    '',
    '## Rollouts of production',
    '',
    'Written when all of `production.k8s.test.ts` up to here has passed. Requests of CPU and memory are lowered, since one node',
    'holds everything. Twelve bidders bid at most 60 times per second; what fails on its way they send again under its key. On a',
    'machine that does other work too they come to fewer, and the first row says how many without any rollout.',
    '',
    `- ${today()}, after commit ${commit()}, ${machine()}, shared by the cluster, all pods and the bidders`,
    `- processes that wanted to run, on average of the last 15 minutes: ${(loadavg()[2] ?? 0).toFixed(0)}`,
    `- ${versionsOfCluster().join(', ')}`,
    '',
    '| rolled out, under load | took | bids accepted | per second | longest wait of a bid |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '| image that ships | tested with | version |',
    '| --- | --- | --- |',
    ...ran,
    '',
  ];
  writeFileSync(join(ROOT, 'docs/test-k8s.md'), lines.join('\n'));
}
