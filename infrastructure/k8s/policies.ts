/** What every manifest must hold to, beyond being valid: security, limits, probes, references. */
import { z } from 'zod';
import type { Variables } from '../testing/secured-servers.ts';
import { environmentFaults } from '../testing/service-variables.ts';

const probe = z
  .object({ httpGet: z.object({ path: z.string() }).loose().optional() })
  .loose()
  .optional();
const resources = z.record(z.string(), z.union([z.string(), z.number()])).optional();
const container = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional() })
          .optional(),
      }),
    )
    .default([]),
  envFrom: z
    .array(
      z.object({
        configMapRef: z.object({ name: z.string() }).optional(),
        secretRef: z.object({ name: z.string() }).optional(),
      }),
    )
    .default([]),
  resources: z.object({ requests: resources, limits: resources }).optional(),
  securityContext: z.record(z.string(), z.unknown()).optional(),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
});
const pod = z.object({
  automountServiceAccountToken: z.boolean().optional(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.record(z.string(), z.unknown()).optional(),
  containers: z.array(container),
  initContainers: z.array(container).default([]),
  volumes: z
    .array(
      z.object({
        name: z.string(),
        configMap: z.object({ name: z.string() }).optional(),
        secret: z.object({ secretName: z.string() }).optional(),
      }),
    )
    .default([]),
});
type Container = z.infer<typeof container>;
type Pod = z.infer<typeof pod>;

const labels = z.record(z.string(), z.string());
export const manifest = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), labels: labels.optional() }).loose(),
  data: labels.optional(),
  spec: z.record(z.string(), z.unknown()).optional(),
});
export type Manifest = z.infer<typeof manifest>;

const selecting = z.object({ selector: z.object({ matchLabels: labels }) });
const templated = z.object({ template: z.object({ metadata: z.object({ labels }), spec: pod }) });
/** What a HorizontalPodAutoscaler and KEDA's ScaledObject have in common. */
const scaling = z.object({
  scaleTargetRef: z.object({ kind: z.string().optional(), name: z.string() }),
});
/** The pause before SIGTERM and the 25 s in which a service drains. */
const DRAIN_SECONDS = 33;

/** Every fault of a rendered overlay, each naming where it is; empty when there is none. */
export function policyFaults(manifests: readonly Manifest[]): string[] {
  const workloads = manifests.filter(({ kind }) =>
    ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'].includes(kind),
  );
  const faults = workloads.flatMap((workload) => {
    const where = `${workload.kind} ${workload.metadata.name}`;
    const parsed = templated.safeParse(workload.spec);
    if (!parsed.success) return [`${where}: ${parsed.error.message}`];
    const { spec, metadata } = parsed.data.template;
    return [
      ...podFaults(spec),
      ...referenceFaults(spec, manifests),
      ...[...spec.containers, ...spec.initContainers].flatMap((each) =>
        containerFaults(each, manifests),
      ),
      // What runs to its end before the others start can have no probes.
      ...(['Deployment', 'StatefulSet'].includes(workload.kind)
        ? spec.containers.flatMap(probeFaults)
        : []),
      ...(workload.kind === 'Deployment' &&
      (spec.terminationGracePeriodSeconds ?? 30) < DRAIN_SECONDS
        ? [`its pods may not drain for ${DRAIN_SECONDS} s`]
        : []),
      ...(workload.kind === 'Deployment' && !hasBudget(metadata.labels, manifests)
        ? ['no PodDisruptionBudget names its pods']
        : []),
      ...(workload.kind === 'Job'
        ? ['a Job cannot be applied a second time with other content']
        : []),
      ...(workload.spec?.['replicas'] !== undefined && isScaled(workload, manifests)
        ? ['`apply` sets its replicas, and its autoscaler too']
        : []),
    ].map((fault) => `${where}: ${fault}`);
  });
  const denied = manifests.some(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' &&
      JSON.stringify(spec) === '{"podSelector":{},"policyTypes":["Ingress","Egress"]}',
  );
  if (!denied) faults.push('no NetworkPolicy denies everything by default');
  for (const { kind, metadata } of manifests) {
    if (kind !== 'Namespace') continue;
    if (metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted') {
      faults.push(`Namespace ${metadata.name}: does not enforce restricted pods`);
    }
  }
  return faults;
}

function podFaults(spec: Pod): string[] {
  const faults: string[] = [];
  const security = spec.securityContext ?? {};
  if (security['runAsNonRoot'] !== true) faults.push('runAsNonRoot is not true');
  if (!(Number(security['runAsUser']) > 0)) faults.push('runAsUser is root or missing');
  const seccomp = JSON.stringify(security['seccompProfile']);
  if (seccomp !== '{"type":"RuntimeDefault"}') faults.push('no seccomp profile');
  if (spec.automountServiceAccountToken !== false) faults.push('a token is mounted');
  return faults;
}

function containerFaults(each: Container, manifests: readonly Manifest[]): string[] {
  const faults: string[] = [];
  const { image, securityContext = {}, resources: sizes } = each;
  const tag = /:([^:/@]+)$/.exec(image)?.[1];
  if (tag === undefined || !/^v?\d+\.\d+/.test(tag)) faults.push(`image ${image} has no version`);
  if (securityContext['readOnlyRootFilesystem'] !== true) faults.push('its files can be written');
  if (securityContext['allowPrivilegeEscalation'] !== false) faults.push('privileges can grow');
  if (securityContext['privileged'] === true) faults.push('it is privileged');
  if (JSON.stringify(securityContext['capabilities']) !== '{"drop":["ALL"]}') {
    faults.push('capabilities are kept');
  }
  for (const [what, names] of [
    ['requests', ['cpu', 'memory']],
    ['limits', ['memory']],
  ] as const) {
    for (const name of names) {
      if (sizes?.[what]?.[name] === undefined) faults.push(`no ${what} of ${name}`);
    }
  }
  faults.push(...environmentFaults(each.name, environmentOf(each, manifests)));
  return faults.map((fault) => `${each.name}: ${fault}`);
}

function probeFaults(each: Container): string[] {
  const names = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
  const faults = names.filter((name) => each[name] === undefined).map((name) => `no ${name}`);
  // Restarting a service because Redis is away would make an outage longer.
  if (each.livenessProbe?.httpGet?.path === '/readyz') faults.push('lives only while it is ready');
  return faults.map((fault) => `${each.name}: ${fault}`);
}

function environmentOf(each: Container, manifests: readonly Manifest[]): Variables {
  const environment: Record<string, string> = {};
  for (const { configMapRef, secretRef } of each.envFrom) {
    Object.assign(environment, find(manifests, 'ConfigMap', configMapRef?.name)?.data);
    const secret = find(manifests, 'Secret', secretRef?.name)?.data ?? {};
    for (const [name, encoded] of Object.entries(secret)) {
      environment[name] = Buffer.from(encoded, 'base64').toString('utf8');
    }
  }
  for (const { name, value } of each.env) if (value !== undefined) environment[name] = value;
  return environment;
}

function referenceFaults(spec: Pod, manifests: readonly Manifest[]): string[] {
  const wanted: [kind: string, name: string, key?: string][] = [];
  for (const each of [...spec.containers, ...spec.initContainers]) {
    for (const { configMapRef, secretRef } of each.envFrom) {
      if (configMapRef !== undefined) wanted.push(['ConfigMap', configMapRef.name]);
      if (secretRef !== undefined) wanted.push(['Secret', secretRef.name]);
    }
    for (const { valueFrom } of each.env) {
      const ref = valueFrom?.secretKeyRef;
      if (ref !== undefined) wanted.push(['Secret', ref.name, ref.key]);
    }
  }
  for (const { configMap, secret } of spec.volumes) {
    if (configMap !== undefined) wanted.push(['ConfigMap', configMap.name]);
    if (secret !== undefined) wanted.push(['Secret', secret.secretName]);
  }
  return wanted.flatMap(([kind, name, key]) => {
    const found = find(manifests, kind, name);
    if (found === undefined) return [`there is no ${kind} ${name}`];
    return key === undefined || found.data?.[key] !== undefined
      ? []
      : [`${name} has no key ${key}`];
  });
}

const find = (
  manifests: readonly Manifest[],
  kind: string,
  name: string | undefined,
): Manifest | undefined =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name);

function isScaled({ kind, metadata }: Manifest, manifests: readonly Manifest[]): boolean {
  return manifests.some((each) => {
    const target = scaling.safeParse(each.spec).data?.scaleTargetRef;
    return target?.name === metadata.name && (target.kind ?? 'Deployment') === kind;
  });
}

function hasBudget(podLabels: Variables, manifests: readonly Manifest[]): boolean {
  return manifests.some(({ kind, spec }) => {
    const selected = kind === 'PodDisruptionBudget' ? selecting.safeParse(spec) : undefined;
    if (selected?.success !== true) return false;
    return Object.entries(selected.data.selector.matchLabels).every(
      ([name, value]) => podLabels[name] === value,
    );
  });
}
