/** The programs of a one-node cluster: built from Go's modules once, and kept; a few are Debian's. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import { installPackage } from '@outcry/local/programs/system-packages.ts';
import { CACHE_FOLDER } from '../../containers/cache-folder.ts';

const KUBERNETES = fileURLToPath(new URL('kubernetes', import.meta.url));
const OF_KUBERNETES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
] as const;
export const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0';
/** What stands alone, by the name of its program. */
const OF_OTHERS: Readonly<Record<string, string>> = {
  coredns: 'github.com/coredns/coredns@v1.11.3',
  'kube-router': 'github.com/cloudnativelabs/kube-router/v2/cmd/kube-router@v2.1.0',
  helm: HELM,
};
/** Debian's packages, by a program of each. */
const OF_DEBIAN: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  etcd: 'etcd-server',
  ipset: 'ipset',
  conntrack: 'conntrack',
  iptables: 'iptables',
};
const PLUGINS = '/usr/lib/cni';
const BUILD_LIMIT_MS = 3_600_000;

/** What the cluster is made of, but for Debian's part: name and version. */
export function versionsOfCluster(): string[] {
  const kubernetes = /^require k8s\.io\/kubernetes (v\S+)$/m.exec(
    readFileSync(join(KUBERNETES, 'go.mod'), 'utf8'),
  );
  const others = Object.entries(OF_OTHERS).map(
    ([name, place]) => `${name} ${place.split('@')[1] ?? ''}`,
  );
  return [`Kubernetes ${kubernetes?.[1] ?? ''}`, ...others];
}

/** @returns the folder of all that is not Debian's @throws Error that says what could not be had */
export async function obtainClusterPrograms(): Promise<string> {
  for (const [program, apt] of Object.entries(OF_DEBIAN)) {
    await obtainFromDebian(() => findProgram([program]), apt);
  }
  await obtainFromDebian(findPlugins, 'containernetworking-plugins');
  const modules = await readFile(join(KUBERNETES, 'go.mod'), 'utf8');
  const wanted = createHash('sha256').update(modules + JSON.stringify(OF_OTHERS));
  const folder = join(CACHE_FOLDER, `cluster-${wanted.digest('hex').slice(0, 12)}`);
  await mkdir(folder, { recursive: true });
  const go = await obtainTool('go');
  const isMissing = (name: string): boolean => !existsSync(join(folder, name));
  const missing = OF_KUBERNETES.filter(isMissing);
  if (missing.length > 0) await buildKubernetes(go, missing, modules, folder);
  for (const [name, place] of Object.entries(OF_OTHERS)) {
    if (isMissing(name)) await build(go, ['install', '-trimpath', place], folder);
  }
  return folder;
}

const findPlugins = async () => (existsSync(PLUGINS) ? PLUGINS : undefined);

async function obtainFromDebian(
  find: () => Promise<string | undefined>,
  apt: string,
): Promise<void> {
  const path = (await find()) ?? (await installPackage({ apt }, find, () => undefined));
  if (path === undefined) throw new Error(`Install the package ${apt} of Debian.`);
}

async function buildKubernetes(
  go: string,
  names: readonly string[],
  modules: string,
  folder: string,
): Promise<void> {
  const version = /^require k8s\.io\/kubernetes v(\d+)\.(\d+)\.\d+$/m.exec(modules);
  if (version === null) throw new Error('go.mod names no version of Kubernetes');
  const [text, major, minor] = version;
  const values = { gitVersion: text.split(' ').at(-1), gitMajor: major, gitMinor: minor };
  // The API server says its version to clients, and refuses to start without one.
  const flags = Object.entries(values).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  const packages = names.map((name) => `k8s.io/kubernetes/cmd/${name}`);
  const ldflags = `-ldflags=-s -w ${flags.join(' ')}`;
  await build(go, ['install', '-trimpath', '-mod=readonly', ldflags, ...packages], folder);
}

const build = (go: string, args: readonly string[], folder: string): Promise<string> =>
  mustRun(go, args, {
    cwd: KUBERNETES,
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
    withinMs: BUILD_LIMIT_MS,
  });
