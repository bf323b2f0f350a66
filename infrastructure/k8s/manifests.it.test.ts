/**
 * Every overlay renders, is valid against the API's schemas (unknown fields are errors), and keeps
 * the policies; planted errors are found. Needs kubectl or Go; says so where it has neither. The
 * Helm chart makes the same of the same files.
 */
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { findProgram, goFolders } from '@outcry/local/programs/find-program.ts';
import { documentedLines } from '../containers/documented-lines.ts';
import { ROOT } from '../testing/secured-servers.ts';
import { HELM } from './cluster/programs.ts';
import { manifest, policyFaults, type Manifest } from './policies.ts';

const OVERLAYS = ['local', 'production', 'managed'] as const;
/** The production overlay with the component of this name. */
const WITH_KEDA = 'keda';
/** The one that the docs show as an example, on top of production. */
const OF_DOCS = 'mine';
/** Where the objects that are not Kubernetes' own are defined. */
const DEFINITIONS = [
  ['sigs.k8s.io/gateway-api@v1.5.0', 'config/crd/standard/gateway.networking.k8s.io_gateways.yaml'],
  [
    'sigs.k8s.io/gateway-api@v1.5.0',
    'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  ],
  [
    'github.com/envoyproxy/gateway@v1.9.1',
    'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml',
  ],
  ['github.com/kedacore/keda/v2@v2.20.2', 'config/crd/bases/keda.sh_scaledobjects.yaml'],
] as const;
/** The API whose schemas count: the newest that the validator brings with it. */
const KUBERNETES = '1.30';
const INSTALL_LIMIT_MS = 600_000;

const validator = await obtainWithGo('kubectl-validate', 'sigs.k8s.io/kubectl-validate@v0.0.4');
const kubectl = await findProgram(['kubectl']);
const kustomize =
  kubectl === undefined
    ? await obtainWithGo('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5@v5.6.0')
    : undefined;
const helm = await obtainWithGo('helm', HELM);
const definitions = await obtainDefinitions();
const reason =
  validator === undefined ||
  definitions === undefined ||
  (kubectl === undefined && kustomize === undefined)
    ? 'NOT RUN: kubectl-validate, definitions and kubectl (or kustomize) are neither here nor can Go install them'
    : undefined;
if (reason !== undefined) console.warn(`Kubernetes manifests: ${reason}`);

describe.skipIf(reason !== undefined)(
  `manifests${reason === undefined ? '' : `, ${reason}`}`,
  () => {
    let folder: string;
    const rendered = new Map<string, Manifest[]>();

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'outcry-k8s-'));
      await cp(join(ROOT, 'infrastructure/k8s'), join(folder, 'k8s'), { recursive: true });
      for (const overlay of OVERLAYS) {
        const place = join(folder, 'k8s/overlays', overlay);
        await rm(join(place, 'secrets'), { recursive: true, force: true });
        const making = join(ROOT, 'infrastructure/access/make-secrets.mjs');
        await mustRun(process.execPath, [making, join(place, 'secrets')]);
        rendered.set(overlay, await render(place));
      }
      const place = join(folder, 'k8s/overlays', WITH_KEDA);
      await mkdir(place);
      await writeFile(
        join(place, 'kustomization.yaml'),
        'resources: [../production]\ncomponents: [../../components/keda]\n',
      );
      rendered.set(WITH_KEDA, await render(place));
      const [example = ''] = documentedLines('docs/install.md', '### Your own overlay', 'yaml');
      const mine = join(folder, 'k8s/overlays', OF_DOCS);
      await mkdir(mine);
      await writeFile(join(mine, 'kustomization.yaml'), example);
      rendered.set(OF_DOCS, await render(mine));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test.each([...OVERLAYS, WITH_KEDA, OF_DOCS])(
      '%s: valid, and no policy is broken',
      async (overlay) => {
        const manifests = rendered.get(overlay) ?? [];
        expect(manifests.length).toBeGreaterThan(20);
        expect(await validate(manifests)).toBe('');
        expect(policyFaults(manifests)).toEqual([]);
      },
    );

    test('the example of an overlay changes all that it names', () => {
      const text = JSON.stringify(rendered.get(OF_DOCS));
      const images = Array.from(text.matchAll(/"image":"([^"]+)"/g), ([, image = '']) => image);
      const elsewhere = images.filter((image) => !image.startsWith('registry.example/outcry/'));
      // Those of Redis, NATS and Postgres are public.
      expect(elsewhere.length).toBe(3);
      for (const part of [
        '"imagePullSecrets":[{"name":"registry"}]',
        '"storageClassName":"fast"',
        '"maxReplicas":40',
        '"memory":"8Gi"',
        '"storage":"500Gi"',
      ]) {
        expect(text).toContain(part);
      }
      expect(text.match(/"storageClassName":"fast"/g)).toHaveLength(3);
    });

    test('what is not valid is found', async () => {
      for (const [change, complaint] of INVALID) {
        const found = await validate(changed(rendered.get('managed') ?? [], change));
        expect(found).toMatch(complaint);
      }
    });

    test.each(PLANTED)('found: %s', (fault, change) => {
      const manifests = changed(rendered.get('production') ?? [], change);
      expect(policyFaults(manifests).join('\n')).toContain(fault);
    });

    test('the local overlay leaves room on two cores', () => {
      const containers = (rendered.get('local') ?? []).flatMap(
        ({ spec }) => running.safeParse(spec).data?.template.spec.containers ?? [],
      );
      const millicores = containers.map(({ resources }) => Number.parseInt(resources.requests.cpu));
      expect(containers.length).toBeGreaterThan(6);
      expect(millicores.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1_000);
    });

    describe.skipIf(helm === undefined)('the chart', () => {
      const chart = join(ROOT, 'infrastructure/k8s/base');
      const asManaged = [
        '--set-string=settings.settings.REDIS_CLUSTER=true',
        '--set-string=settings.stream-settings.NATS_STREAM_REPLICAS=3',
        '--set=replicas.api-gateway.min=3,replicas.api-gateway.max=20',
        '--set=replicas.broadcast-service.min=3,replicas.broadcast-service.max=50',
      ];
      const template = (...args: string[]): Promise<string> =>
        mustRun(helm ?? '', ['template', 'outcry', chart, '--namespace=outcry', ...args]);

      test('passes `helm lint`', async () => {
        const output = await mustRun(helm ?? '', ['lint', '--strict', chart]);
        expect(output).toContain('0 chart(s) failed');
      });

      test('makes what the overlay `managed` makes', async () => {
        const ofChart = manifestsOf(await template(...asManaged));
        expect(await validate(ofChart)).toBe('');
        const ofOverlay = rendered.get('managed') ?? [];
        expect(comparable(ofChart)).toEqual(comparable(ofOverlay));
      });

      test('has one host, one place of images, and new pods for new settings', async () => {
        const values = [
          '--set=host=bids.example',
          '--set=registry=registry.example/',
          '--set=tag=1.2.3',
        ];
        const text = await template(...values);
        expect(text).toContain('PUBLIC_HISTORY_URL: https://bids.example');
        expect(text).not.toContain('outcry.example');
        const images = Array.from(text.matchAll(/image: (\S+)/g), ([, image]) => image);
        expect(images.length).toBeGreaterThan(4);
        expect(
          images.filter(
            (image) => !/^registry\.example\/outcry-[a-z-]+:1\.2\.3$/.test(image ?? ''),
          ),
        ).toEqual([]);
        const sums = async (...args: string[]): Promise<string[]> =>
          (await template(...args)).match(/checksum\/settings: \w+/g) ?? [];
        const changed = await sums('--set-string=settings.settings.LOG_LEVEL=debug');
        expect(changed.length).toBeGreaterThan(3);
        expect(changed).not.toEqual(await sums());
        await expect(template('--set=settings.settings.SHARDS=16')).rejects.toThrow(
          /must be in quotes/,
        );
      });

      test('takes resources, pull secrets and no issuer', async () => {
        const text = await template(
          '--set=resources.api-gateway.requests.cpu=2',
          '--set=imagePullSecrets[0].name=registry',
          '--set=issuer=',
        );
        const manifests = manifestsOf(text);
        expect(await validate(manifests)).toBe('');
        const found = (kind: string, name: string): string =>
          JSON.stringify(
            manifests.find((each) => each.kind === kind && each.metadata['name'] === name),
          );
        expect(found('Deployment', 'api-gateway')).toContain(
          '"resources":{"limits":{"memory":"768Mi"},"requests":{"cpu":2,"memory":"256Mi"}}',
        );
        expect(found('Deployment', 'webhooks')).not.toContain('"cpu":2,');
        expect(found('ServiceAccount', 'outcry')).toContain(
          '"imagePullSecrets":[{"name":"registry"}]',
        );
        expect(found('Gateway', 'outcry')).not.toContain('cert-manager');
      });
    });

    test('the namespace holds every object, so that nothing escapes the policies', () => {
      for (const [overlay, manifests] of rendered) {
        const outside = manifests.filter(
          ({ kind, metadata }) => kind !== 'Namespace' && metadata['namespace'] !== 'outcry',
        );
        expect({ overlay, outside }).toEqual({ overlay, outside: [] });
      }
    });

    /** The validator's complaints; empty when there are none. */
    async function validate(manifests: readonly Manifest[]): Promise<string> {
      const place = await mkdtemp(join(folder, 'valid-'));
      await mkdir(join(place, 'all'), { recursive: true });
      // JSON is YAML that nobody reads differently.
      const text = manifests.map((each) => JSON.stringify(inOneLine(each))).join('\n---\n');
      await writeFile(join(place, 'all', 'manifests.yaml'), text);
      const { code, output } = await runCommand(validator ?? '', [
        join(place, 'all'),
        '--version',
        KUBERNETES,
        '--local-crds',
        definitions ?? '',
      ]);
      return code === 0 ? '' : output;
    }
  },
);

/** Containers that ask for thousandths of a core. */
const running = z.object({
  template: z.object({
    spec: z.object({
      containers: z.array(
        z.object({
          resources: z.object({ requests: z.object({ cpu: z.string().endsWith('m') }) }),
        }),
      ),
    }),
  }),
});

type Change = (document: Record<string, unknown>) => void;

/** Changes a Deployment's pod; the test says which. */
const inPod =
  (change: (pod: Record<string, unknown>, container: Record<string, unknown>) => void): Change =>
  (document) => {
    const metadata = document['metadata'] as { name: string };
    if (document['kind'] !== 'Deployment' || metadata.name !== 'api-gateway') return;
    const { template } = document['spec'] as { template: { spec: Record<string, unknown> } };
    const [container] = template.spec['containers'] as Record<string, unknown>[];
    if (container !== undefined) change(template.spec, container);
  };

const ofKind =
  (kind: string, change: (spec: Record<string, unknown>) => void): Change =>
  (document) => {
    if (document['kind'] === kind) change(document['spec'] as Record<string, unknown>);
  };

const INVALID: readonly (readonly [Change, RegExp])[] = [
  [inPod((_, container) => (container['imagePullPolice'] = 'Always')), /unknown field/],
  [
    inPod((pod) => (pod['terminationGracePeriodSeconds'] = 'long')),
    /terminationGracePeriodSeconds/,
  ],
  [inPod((_, container) => (container['ports'] = [{ containerPort: 'web' }])), /containerPort/],
  [ofKind('HTTPRoute', (spec) => (spec['parentRef'] = [])), /spec\.parentRef: .*unknown field/],
  [ofKind('Gateway', (spec) => (spec['gatewayClassName'] = 1)), /gatewayClassName/],
  [
    ofKind('BackendTrafficPolicy', (spec) => (spec['retries'] = 1)),
    /spec\.retries: .*unknown field/,
  ],
];

const PLANTED: readonly (readonly [string, Change])[] = [
  ['runAsNonRoot is not true', inPod((pod) => (pod['securityContext'] = { runAsUser: 0 }))],
  ['runAsUser is root', inPod((pod) => (pod['securityContext'] = { runAsNonRoot: true }))],
  ['no seccomp profile', inPod((pod) => (pod['securityContext'] = { runAsUser: 1 }))],
  ['a token is mounted', inPod((pod) => (pod['automountServiceAccountToken'] = true))],
  ['may not drain', inPod((pod) => (pod['terminationGracePeriodSeconds'] = 5))],
  ['has no version', inPod((_, c) => (c['image'] = 'outcry-api-gateway:latest'))],
  ['has no version', inPod((_, c) => (c['image'] = 'outcry-api-gateway'))],
  ['its files can be written', inPod((_, c) => (c['securityContext'] = {}))],
  ['privileges can grow', inPod((_, c) => (c['securityContext'] = {}))],
  ['capabilities are kept', inPod((_, c) => (c['securityContext'] = {}))],
  ['it is privileged', inPod((_, c) => (c['securityContext'] = { privileged: true }))],
  ['no requests of cpu', inPod((_, c) => (c['resources'] = {}))],
  ['no limits of memory', inPod((_, c) => (c['resources'] = {}))],
  ['no startupProbe', inPod((_, c) => delete c['startupProbe'])],
  ['no readinessProbe', inPod((_, c) => delete c['readinessProbe'])],
  ['no livenessProbe', inPod((_, c) => delete c['livenessProbe'])],
  [
    'lives only while it is ready',
    inPod((_, c) => (c['livenessProbe'] = { httpGet: { path: '/readyz' } })),
  ],
  ['there is no Secret', inPod((_, c) => (c['envFrom'] = [{ secretRef: { name: 'other' } }]))],
  ['JWT_SECRET or JWT_JWKS_URL must be set', inPod((_, c) => (c['envFrom'] = []))],
  ['knows no variable PROT', inPod((_, c) => (c['env'] = [{ name: 'PROT', value: '1' }]))],
  [
    'has no key NO_SUCH',
    inPod((_, c) => {
      const from = c['envFrom'] as { secretRef?: { name: string } }[];
      const name = from.find(({ secretRef }) => secretRef !== undefined)?.secretRef?.name;
      c['env'] = [{ name: 'PORT', valueFrom: { secretKeyRef: { name, key: 'NO_SUCH' } } }];
    }),
  ],
  [
    '`apply` sets its replicas',
    (document) => {
      const metadata = document['metadata'] as { name: string };
      if (document['kind'] !== 'Deployment' || metadata.name !== 'api-gateway') return;
      (document['spec'] as Record<string, unknown>)['replicas'] = 6;
    },
  ],
  [
    'a Job cannot be applied a second time',
    (document) => {
      if (document['kind'] === 'StatefulSet') document['kind'] = 'Job';
    },
  ],
  [
    'no PodDisruptionBudget',
    (document) => {
      if (document['kind'] === 'PodDisruptionBudget') document['kind'] = 'Nothing';
    },
  ],
  [
    'denies everything by default',
    (document) => {
      if (document['kind'] === 'NetworkPolicy') document['kind'] = 'Nothing';
    },
  ],
  [
    'does not enforce restricted pods',
    (document) => {
      const metadata = document['metadata'] as Record<string, unknown>;
      if (document['kind'] === 'Namespace') metadata['labels'] = {};
    },
  ],
];

function changed(manifests: readonly Manifest[], change: Change): Manifest[] {
  const copies = structuredClone(manifests) as Manifest[];
  for (const each of copies) change(each);
  return copies;
}

/** The same without line breaks in encoded data, which the validator (not Kubernetes) refuses. */
function inOneLine(each: Manifest): Manifest {
  if (each.kind !== 'Secret' || each.data === undefined) return each;
  const pairs = Object.entries(each.data).map(([key, text]) => [key, text.replaceAll(/\s/g, '')]);
  return { ...each, data: Object.fromEntries(pairs) as Record<string, string> };
}

/**
 * By kind and name. Kustomize names settings by their content and makes Secrets; the chart says by a sum that settings
 * have changed, and leaves Secrets and the namespace to who installs it.
 */
function comparable(manifests: readonly Manifest[]): ReadonlyMap<string, unknown> {
  const text = JSON.stringify(
    manifests.filter(({ kind }) => kind !== 'Secret' && kind !== 'Namespace'),
  )
    .replaceAll(/"checksum\/settings":"\w+",?/g, '')
    .replaceAll(
      /"((?:\w+-)?settings|api-gateway|broadcast-service|archival-worker|webhooks|migrate)-[a-z0-9]{10}"/g,
      '"$1"',
    );
  const all = z.array(manifest.loose()).parse(JSON.parse(text));
  const pairs = all.map((each) => [`${each.kind}/${each.metadata['name']}`, each] as const);
  return new Map(pairs.toSorted(([a], [b]) => a.localeCompare(b)));
}

const manifestsOf = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => manifest.loose().parse(document.toJS()));

async function render(place: string): Promise<Manifest[]> {
  const text = await (kubectl === undefined
    ? mustRun(kustomize ?? '', ['build', place])
    : mustRun(kubectl, ['kustomize', place]));
  return manifestsOf(text);
}

/** A folder with the definitions, from Go's modules; undefined without Go. It is the system's to clear. */
async function obtainDefinitions(): Promise<string | undefined> {
  const go = await findProgram(['go'], ['/usr/local/go/bin']);
  if (go === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'outcry-definitions-'));
  for (const [module, file] of DEFINITIONS) {
    const { code, output } = await runCommand(go, ['mod', 'download', '-json', module], {
      cwd: tmpdir(),
      withinMs: INSTALL_LIMIT_MS,
    });
    const place = /"Dir": "(.+)"/.exec(output)?.[1];
    if (code !== 0 || place === undefined) {
      console.warn(`go mod download ${module} failed: ${output.slice(-500)}`);
      return undefined;
    }
    await copyFile(join(place, file), join(folder, basename(file)));
  }
  return folder;
}

/** A program by name, else installed by Go; undefined when neither works. */
async function obtainWithGo(name: string, module: string): Promise<string | undefined> {
  const find = (): Promise<string | undefined> => findProgram([name], goFolders());
  const found = await find();
  const go = await findProgram(['go'], ['/usr/local/go/bin']);
  if (found !== undefined || go === undefined) return found;
  const { code, output } = await runCommand(go, ['install', module], {
    cwd: tmpdir(),
    withinMs: INSTALL_LIMIT_MS,
  });
  if (code !== 0) console.warn(`go install ${module} failed: ${output.slice(-500)}`);
  return find();
}
