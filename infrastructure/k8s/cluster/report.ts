/** Keeps the last results of the production overlay in docs/test-k8s.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseImage } from '../../containers/base-images.ts';
import { commit, machine, today } from '../../testing/run-facts.ts';
import { ROOT } from '../../testing/secured-servers.ts';
import { versionsOfCluster } from './programs.ts';

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
      `| ${what} | ${seconds.toFixed(0)} s | ${bids} | ${(bids / seconds).toFixed(0)} | ${(longestMs / 1_000).toFixed(2)} s |`,
  );
  const ran = images
    .filter(({ image }) => /^(?:node|redis|nats|postgres|nginx):/.test(image))
    .map(
      ({ image, isStandIn, version }) =>
        `| \`${image}\` | ${isStandIn ? 'stand-in' : 'official'} | ${version} |`,
    );
  const lines = [
    '# The last run of the production overlay',
    '',
    'Written by `npm run test:k8s` when every bid was accepted and is in Postgres once, and `run-verify.js` agrees',
    '([production.k8s.test.ts](../infrastructure/k8s/production.k8s.test.ts)). Requests of CPU and memory are lowered, since',
    'one node holds everything; nginx stands in for Envoy Gateway ([how](adr/0052-a-cluster-in-namespaces.md)).',
    '',
    `- ${today()}, after commit ${commit()}, ${machine()}, shared by the cluster, all pods and the bidders`,
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
