/** What every manifest must hold to, beyond being valid: security, limits, probes, references. */
import { z } from 'zod';
import type { Variables } from '../testing/secured-servers.ts';
import { environmentFaults } from '../testing/service-variables.ts';

/** An object that may be left out: what it must have is then missing. */
const part = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((given) => given ?? {}, z.object(shape));
const size = (fault: string) => z.union([z.string(), z.number()], fault);

const container = z.object({
  name: z.string(),
  image: z.string().regex(/:v?\d+\.\d+[^:/@]*$/, 'the image has no version'),
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
  resources: part({
    requests: part({ cpu: size('no requests of cpu'), memory: size('no requests of memory') }),
    limits: part({ memory: size('no limits of memory') }),
  }),
  securityContext: part({
    readOnlyRootFilesystem: z.literal(true, 'its files can be written'),
    allowPrivilegeEscalation: z.literal(false, 'privileges can grow'),
    privileged: z.literal(false, 'it is privileged').optional(),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }, 'capabilities are kept'),
  }),
});
/** Restarting a service because Redis is away would make an outage longer. */
const livePath = z.string().refine((path) => path !== '/readyz', 'lives only while it is ready');
const probed = container.extend({
  startupProbe: z.object({}, 'no startupProbe'),
  readinessProbe: z.object({}, 'no readinessProbe'),
  livenessProbe: z.object({ httpGet: z.object({ path: livePath }).optional() }, 'no livenessProbe'),
});
const ROOT_USER = 'runAsUser is root or missing';
const pod = z.object({
  automountServiceAccountToken: z.literal(false, 'a token is mounted'),
  securityContext: part({
    runAsNonRoot: z.literal(true, 'runAsNonRoot is not true'),
    runAsUser: z.number(ROOT_USER).positive(ROOT_USER),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }, 'no seccomp profile'),
  }),
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

const templated = <T extends z.ZodType<Pod>>(spec: T) =>
  z.object({ template: z.object({ metadata: z.object({ labels }), spec }) });
/** The pause before SIGTERM and the 25 s in which a service drains. */
const DRAIN_SECONDS = 33;
const SHORT = `its pods may not drain for ${DRAIN_SECONDS} s`;
const lasting = pod.extend({ containers: z.array(probed) });
const WORKLOADS = new Map([
  [
    'Deployment',
    templated(
      lasting.extend({ terminationGracePeriodSeconds: z.number(SHORT).min(DRAIN_SECONDS, SHORT) }),
    ),
  ],
  ['StatefulSet', templated(lasting)],
  // What runs to its end before the others start can have no probes.
  ...['DaemonSet', 'Job', 'CronJob'].map((kind) => [kind, templated(pod)] as const),
]);

const selecting = z.object({ selector: z.object({ matchLabels: labels }) });
/** What a HorizontalPodAutoscaler and KEDA's ScaledObject have in common. */
const scaling = z.object({
  scaleTargetRef: z.object({ kind: z.string().optional(), name: z.string() }),
});
/** Every fault of a rendered overlay, each naming where it is; empty when there is none. */
export function policyFaults(manifests: readonly Manifest[]): string[] {
  const faults = manifests.flatMap((each) =>
    workloadFaults(each, manifests).map((fault) => `${each.kind} ${each.metadata.name}: ${fault}`),
  );
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

function workloadFaults(workload: Manifest, manifests: readonly Manifest[]): string[] {
  const { kind, spec } = workload;
  const { data, error } = WORKLOADS.get(kind)?.safeParse(spec) ?? {};
  const faults = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  if (kind === 'Job') faults.push('a Job cannot be applied a second time with other content');
  if (data === undefined) return faults;
  const { metadata, spec: ofPod } = data.template;
  if (kind === 'Deployment' && !hasBudget(metadata.labels, manifests)) {
    faults.push('no PodDisruptionBudget names its pods');
  }
  if (spec?.['replicas'] !== undefined && isScaled(workload, manifests)) {
    faults.push('`apply` sets its replicas, and its autoscaler too');
  }
  const containers = [...ofPod.containers, ...ofPod.initContainers].flatMap((each) =>
    environmentFaults(each.name, environmentOf(each, manifests)).map(
      (fault) => `${each.name}: ${fault}`,
    ),
  );
  return [...faults, ...referenceFaults(ofPod, manifests), ...containers];
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
