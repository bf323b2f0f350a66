/** One Kubernetes node with its control plane, in namespaces of its own: nothing stays of it. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { logTail } from '@outcry/local/processes/log-file.ts';
import { lastLines, mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** A network of two: the node, and this machine. */
export const NODE = '10.77.0.2';
const HOST = '10.77.0.1';
/** Of the folder `node`. */
const FILES = [
  'containerd.toml',
  'kubeconfig',
  'kubelet.yaml',
  'kube-proxy.yaml',
  'network/10-bridge.conflist',
  'tokens.csv',
];
const START_WITHIN_MS = 180_000;
/** A rollout of nine Redis pods is one command. */
const COMMAND_LIMIT_MS = 1_200_000;

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/**
 * @param programs as `obtainClusterPrograms` gives it
 * @throws Error with the end of the logs when it does not start
 */
export async function startCluster(programs: string) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('A cluster is started by root on Linux only.');
  }
  const folder = await mkdtemp(join(tmpdir(), 'outcry-cluster-'));
  await chmod(folder, 0o700);
  await mkdir(join(folder, 'log'));
  await writeFiles(folder);
  const remove = join(HERE, 'remove-node.sh');
  const node = await startGuarded({
    file: 'unshare',
    args: [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--mount-proc',
      '--kill-child',
      join(HERE, 'node.sh'),
      folder,
      programs,
      NODE,
      HOST,
    ],
    log: join(folder, 'log/node.log'),
    orphanSignal: 'SIGKILL',
    orphanCommand: [remove, folder],
  });
  const environment = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
    KUBECONFIG: join(folder, 'kubeconfig'),
  };
  const kubectl = (...args: string[]): Promise<string> =>
    mustRun('kubectl', args, { env: environment, withinMs: COMMAND_LIMIT_MS });
  const apply = async (manifests: readonly object[]): Promise<void> => {
    const file = join(folder, `${randomUUID()}.json`);
    const list = { apiVersion: 'v1', kind: 'List', items: manifests };
    await writeFile(file, JSON.stringify(list));
    await kubectl('apply', '--filename', file);
  };
  const stop = async (): Promise<void> => {
    await node.kill();
    await mustRun(remove, [folder]);
  };
  let first = 0;
  try {
    first = await waitUntil(() => firstProcess(node.pid), {
      withinMs: 5_000,
      what: 'the first process of the node',
    });
    const link = ['link', 'add', 'outcry-node', 'type', 'veth', 'peer', 'name', 'node0'];
    await mustRun('ip', [...link, 'netns', `${first}`]);
    await mustRun('ip', ['address', 'add', `${HOST}/30`, 'dev', 'outcry-node']);
    await mustRun('ip', ['link', 'set', 'outcry-node', 'up']);
    await waitUntil(
      async () => {
        if (node.hasExited()) throw new Error('a program of the node ended');
        const state = await kubectl('get', 'node', 'node1', '--no-headers').catch(() => '');
        return / Ready /.test(state);
      },
      { withinMs: START_WITHIN_MS, everyMs: 300, what: 'that the node is ready' },
    );
  } catch (error) {
    const ends = ['node', 'kube-apiserver', 'kubelet', 'containerd'].map(
      (name) => `${name}: ${lastLines(logTail(join(folder, `log/${name}.log`), 0), 5)}`,
    );
    await stop();
    throw new Error(`The cluster did not start.\n${ends.join('\n')}`, { cause: error });
  }
  const inside = [`--target=${first}`, '--net', '--mount', '--pid'];
  const inNode = (...line: string[]): Promise<string> => mustRun('nsenter', [...inside, ...line]);
  const containersOf = async (pod: string): Promise<readonly string[]> => {
    const path = '{range .status.containerStatuses[*]}{.containerID}{"\\n"}{end}';
    const get = ['--namespace=outcry', 'get', 'pod', pod, `--output=jsonpath=${path}`];
    const lines = (await kubectl(...get)).split('\n').filter((line) => line !== '');
    return lines.map((line) => line.replace('containerd://', ''));
  };
  const containerd = ['ctr', '--address=/run/containerd.sock', '--namespace=k8s.io'];
  return {
    /** The environment in which `kubectl` and `helm` are found and reach this cluster. */
    environment,
    /** @throws Error with the output when it fails */
    kubectl,
    apply,
    /** Takes the images of an archive that `docker save` wrote, CoreDNS's among them, and starts it. */
    async load(archive: string): Promise<void> {
      const args = [...inside, ...containerd, 'images', 'import', archive];
      await mustRun('nsenter', args, { withinMs: COMMAND_LIMIT_MS });
      await kubectl('apply', '--filename', join(HERE, 'addons.yaml'));
    },
    /** Empty volumes; each pod with data takes one. */
    async makeVolumes(count: number): Promise<void> {
      const names = Array.from({ length: count }, (_, i) => `volume-${i}`);
      for (const name of names) await mkdir(join(folder, 'volumes', name), { recursive: true });
      await apply(names.map((name) => volume(name, join(folder, 'volumes', name))));
    },
    /** SIGKILL to the first process of each container of a pod, which the kubelet then restarts. */
    async killProcesses(pod: string): Promise<void> {
      for (const id of await containersOf(pod)) {
        await inNode(...containerd, 'task', 'kill', '--signal=SIGKILL', id);
      }
    },
    /** Whether a connection can be made from inside a pod. */
    async connects(pod: string, address: string, port: number): Promise<boolean> {
      const [id = ''] = await containersOf(pod);
      const tasks = await inNode(...containerd, 'task', 'list');
      const line = tasks.split('\n').find((each) => each.startsWith(id)) ?? '';
      const [, pid = ''] = line.split(/\s+/);
      const tried = ['timeout', '3', 'bash', '-c', `< /dev/tcp/${address}/${port}`];
      const { code } = await runCommand('nsenter', [
        ...inside,
        'nsenter',
        `--target=${pid}`,
        '--net',
        ...tried,
      ]);
      return code === 0;
    },
    stop,
  };
}

async function firstProcess(unshare: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${unshare}/task/${unshare}/children`, 'utf8');
  const first = Number(children.trim().split(' ')[0]);
  return first > 0 ? first : undefined;
}

function volume(name: string, path: string): object {
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: ['node1'] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '50Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'local',
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}

/** The folder `node`, with what is this run's own: keys, and places. */
async function writeFiles(folder: string): Promise<void> {
  const own = { FOLDER: folder, NODE, TOKEN: randomUUID() };
  await mkdir(join(folder, 'network'));
  for (const name of FILES) {
    let text = await readFile(join(HERE, 'node', name), 'utf8');
    for (const [word, value] of Object.entries(own)) text = text.replaceAll(word, value);
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' });
  await writeFile(join(folder, 'accounts.key'), key, { mode: 0o600 });
  // CoreDNS asks nobody: all names are the cluster's.
  await writeFile(join(folder, 'resolv.conf'), '', { mode: 0o600 });
}
