/** Keeps the last results of the production overlay in docs/test-k8s.md. */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { BaseImage } from '../../containers/base-images.ts';
import { commit, machine, today } from '../../testing/run-facts.ts';
import { ROOT } from '../../testing/secured-servers.ts';
import { versionsOfCluster } from './programs.ts';

const TRIED = [
  [
    'kubernetes.k8s.test.ts',
    '`local`: installation; a second `apply` changes nothing; pods of every part killed, deleted, deleted by force under ' +
      'load; backup; who reaches whom',
  ],
  [
    'production.k8s.test.ts',
    '`production`: installation; a second `apply` changes nothing; a rollout of each part and all of Redis deleted at once ' +
      'under load; new passwords under load; a scaled fleet and `apply`; who reaches whom',
  ],
] as const;

export interface Rollout {
  readonly what: string;
  readonly seconds: number;
  /** Accepted meanwhile. */
  readonly bids: number;
  /** How long the slowest of them took, with all that was sent again for it. */
  readonly longestMs: number;
}

/** Called when everything was accepted and accounted for. */
export function writeReport(images: readonly BaseImage[], rollouts: readonly Rollout[]): void {
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
    'holds everything. Ten bidders bid at most 50 times per second; what fails on its way they send again under its key. On a',
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
