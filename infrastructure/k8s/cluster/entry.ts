/** The public entry: a stand-in for Envoy Gateway. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import type { BaseImage } from '../../containers/base-images.ts';
import { ROOT } from '../../testing/secured-servers.ts';
import { type Cluster, NODE } from './cluster.ts';

/** As the policies name it. */
export const NAMESPACE_OF_ENTRY = 'envoy-gateway-system';
/** Where the objects are defined that are not Kubernetes' own. */
const DEFINITIONS = [
  ['sigs.k8s.io/gateway-api@v1.5.0', 'config/crd/standard/gateway.networking.k8s.io_gateways.yaml'],
  [
    'sigs.k8s.io/gateway-api@v1.5.0',
    'config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml',
  ],
  [
    'sigs.k8s.io/gateway-api@v1.5.0',
    'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  ],
  [
    'github.com/envoyproxy/gateway@v1.9.1',
    'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml',
  ],
] as const;
/** The balancer's names of Compose, and the Services here. */
const SERVICES = [
  ['gateway', 'api-gateway', 8080],
  ['broadcaster', 'broadcast-service', 8081],
  ['worker', 'archival-worker', 8082],
] as const;

/** Lets the API server take Gateways, routes and their policies. */
export async function defineGateways(cluster: Cluster): Promise<void> {
  const go = await obtainTool('go');
  for (const [module, file] of DEFINITIONS) {
    const { output } = await runCommand(go, ['mod', 'download', '-json', module], { cwd: '/' });
    const folder = downloaded.parse(JSON.parse(output)).Dir;
    await cluster.kubectl('apply', '--server-side', '--filename', join(folder, file));
  }
}

const downloaded = z.object({ Dir: z.string() });

/**
 * Does what the controller of the Gateway would, with the routes of the Compose file's balancer: nginx in the
 * controller's namespace, an address, and a Gateway that says so.
 *
 * @param bases the images that ship, nginx's among them
 */
export async function openEntry(cluster: Cluster, bases: readonly BaseImage[]): Promise<void> {
  const image = bases.find((each) => each.image.startsWith('nginx:'))?.image ?? '';
  // nginx looks names up once, when it starts.
  await waitUntil(
    () =>
      cluster
        .kubectl('get', 'gateways', '--namespace=outcry', '--output=name')
        .then((output) => output.includes('outcry')),
    { withinMs: 300_000, everyMs: 300, what: 'a Gateway' },
  );
  let settings = await readFile(join(ROOT, 'infrastructure/docker/balancer.conf'), 'utf8');
  for (const [name, service, port] of SERVICES) {
    settings = settings
      .replace(
        new RegExp(`server ${name}-1:.*;`),
        `server ${service}.outcry.svc.cluster.local:${port};`,
      )
      .replace(new RegExp(`server ${name}-2:.*;\n`), '');
  }
  settings = settings.replace('server web:8000;', 'server web.outcry.svc.cluster.local:8000;');
  const manifests = await readFile(new URL('entry.yaml', import.meta.url), 'utf8');
  const documents = parseAllDocuments(manifests.replace('IMAGE', image));
  const metadata = { name: 'entry', namespace: NAMESPACE_OF_ENTRY };
  await cluster.apply([
    ...documents.map((document) => z.looseObject({}).parse(document.toJS())),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'balancer.conf': settings } },
  ]);
  await patchStatus(cluster, NAMESPACE_OF_ENTRY, 'service/entry', {
    loadBalancer: { ingress: [{ ip: NODE }] },
  });
  const now = new Date().toISOString();
  const programmed = {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: '',
    lastTransitionTime: now,
  };
  await cluster.kubectl('--namespace', NAMESPACE_OF_ENTRY, 'rollout', 'status', 'deployment/entry');
  await patchStatus(cluster, 'outcry', 'gateway/outcry', {
    conditions: [programmed],
    addresses: [{ type: 'IPAddress', value: NODE }],
  });
}

async function patchStatus(
  cluster: Cluster,
  namespace: string,
  object: string,
  status: object,
): Promise<void> {
  const patch = ['--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`];
  await cluster.kubectl('--namespace', namespace, 'patch', object, ...patch);
}
