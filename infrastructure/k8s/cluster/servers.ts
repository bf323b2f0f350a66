/** Redis, NATS and Postgres of the local overlay, in the place of managed ones. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { PreparedCluster } from './prepare.ts';

export const NAMESPACE_OF_SERVERS = 'servers';
const ADDRESSES =
  '--redis redis.servers:6379 --nats nats.servers:4222 --postgres postgres.servers:5432/outcry';

const kustomization = z.looseObject({
  secretGenerator: z.array(z.looseObject({ name: z.string() })),
  configMapGenerator: z.array(z.looseObject({ name: z.string() })),
  replicas: z.array(z.looseObject({ name: z.string() })),
  patches: z.array(z.looseObject({ target: z.looseObject({ kind: z.string() }) })),
});

/**
 * Starts them in a namespace of their own, without policies, and leaves their secrets where the docs expect
 * those of managed servers.
 */
export async function startServersAlone({ cluster, checkout }: PreparedCluster): Promise<void> {
  const type = (lines: string): Promise<string> => checkout.type(lines, cluster.environment);
  const overlays = 'infrastructure/k8s/overlays';
  await type(`
    node infrastructure/access/make-secrets.mjs ${overlays}/managed/secrets ${ADDRESSES}
    rm -rf ${overlays}/local/secrets
    cp -r ${overlays}/managed/secrets ${overlays}/local/secrets
    kubectl create namespace ${NAMESPACE_OF_SERVERS}
    kubectl --namespace ${NAMESPACE_OF_SERVERS} create serviceaccount outcry`);
  const file = join(checkout.sources, overlays, 'local/kustomization.yaml');
  const local = kustomization.parse(parse(await readFile(file, 'utf8')));
  const isOfServices = /Gateway|HTTPRoute|HorizontalPodAutoscaler/;
  const patch =
    '{ $patch: delete, apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: { name: any } }';
  const servers = {
    ...local,
    namespace: NAMESPACE_OF_SERVERS,
    resources: ['../../servers'],
    secretGenerator: local.secretGenerator.filter(isOfServer),
    configMapGenerator: local.configMapGenerator.filter(isOfServer),
    replicas: local.replicas.filter(isOfServer),
    patches: [
      ...local.patches.filter(({ target }) => !isOfServices.test(target.kind)),
      { target: { kind: 'NetworkPolicy' }, patch },
    ],
  };
  await writeFile(file, stringify(servers));
  await type(`kubectl apply --kustomize ${overlays}/local`);
}

const isOfServer = ({ name }: { readonly name: string }): boolean =>
  /^(?:redis|nats|postgres)/.test(name);
