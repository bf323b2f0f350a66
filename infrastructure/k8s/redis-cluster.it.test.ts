/**
 * Nine Redis servers under the `redis.conf`, the users and the `cluster-node.sh` of the production
 * overlay, each on an address of its own and asked again and again whether it is ready, as a kubelet
 * does: they form a cluster, and are one again after whatever happens to their pods. Needs redis-server
 * and redis-cli, and Linux for the addresses; says so where they are missing.
 */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GuardedProcess, startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { ROOT } from '../testing/secured-servers.ts';

const SERVERS = join(ROOT, 'infrastructure/k8s/servers');
const READY_LIMIT_MS = 60_000;
const server = await findProgram(['redis-server']);
const client = await findProgram(['redis-cli']);
const reason =
  server === undefined || client === undefined || process.platform !== 'linux'
    ? 'NOT RUN: needs redis-server and redis-cli, on Linux'
    : undefined;
if (reason !== undefined) console.warn(`Redis Cluster of the manifests: ${reason}`);

describe.skipIf(reason !== undefined)(
  `the Redis Cluster${reason === undefined ? '' : `, ${reason}`}`,
  { timeout: 2 * READY_LIMIT_MS },
  () => {
    let folder: string;
    let password: string;
    let pods: Pod[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'outcry-redis-pods-'));
      const secrets = join(folder, 'secrets');
      await mustRun(process.execPath, [
        join(ROOT, 'infrastructure/access/make-secrets.mjs'),
        secrets,
      ]);
      await appendFile(join(secrets, 'redis-users.acl'), 'user test on nopass ~* &* +@all\n');
      const environment = await readFile(join(secrets, 'redis.env'), 'utf8');
      password = /^CLUSTER_ADMIN_PASSWORD=(.+)$/m.exec(environment)?.[1] ?? '';
      pods = Array.from({ length: 9 }, (_, number) => new Pod(folder, number));
      await Promise.all(pods.map((pod) => pod.start()));
    }, READY_LIMIT_MS);
    afterAll(async () => {
      await Promise.all((pods ?? []).map((pod) => pod.kill()));
      await rm(folder, { recursive: true, force: true });
    });

    test('forms itself, with two replicas for each master', async () => {
      await untilBalanced();
      await writeKeys();
    });

    test('is one again when all pods come back under other addresses', async () => {
      await Promise.all(pods.map((pod) => pod.restart()));
      await untilBalanced();
      expect(await countKeys()).toBe(KEYS.length);
    });

    test('a master that leaves has handed over, and is ready again only as a replica', async () => {
      const master = await find('master');
      expect(await run(master, 'leave')).toBe(0);
      expect(await roleOf(master)).toBe('slave');
      await master.restart();
      await untilReady();
      expect(await roleOf(master)).toBe('slave');
      expect(await countKeys()).toBe(KEYS.length);
    });

    test('a replica without its master is not ready, and one of them takes its place', async () => {
      const master = await find('master');
      const replicas: Pod[] = [];
      for (const pod of pods) {
        if ((await redisInfo(pod))['master_host'] === master.address) replicas.push(pod);
      }
      expect(replicas).toHaveLength(2);
      await master.kill();
      expect(await Promise.all(replicas.map((replica) => run(replica, 'ready')))).toEqual([1, 1]);
      // Which of the two is a matter of milliseconds.
      await waitUntil(async () => (await Promise.all(replicas.map(roleOf))).includes('master'), {
        withinMs: READY_LIMIT_MS,
        what: 'the failover',
      });
      await master.start();
      await untilReady();
      expect(await countKeys()).toBe(KEYS.length);
    });

    test('a replica that only hears from others where its master is now follows it', async () => {
      const master = await find('master');
      const replicas: Pod[] = [];
      for (const pod of pods) {
        if ((await redisInfo(pod))['master_host'] === master.address) replicas.push(pod);
      }
      const others = pods.filter((pod) => pod !== master && !replicas.includes(pod));
      // Nobody takes it for dead meanwhile.
      await Promise.all([master, ...others].map((pod) => setNodeTimeout(pod, 60_000)));
      await Promise.all([master, ...replicas].map((pod) => pod.kill()));
      await master.start();
      await setNodeTimeout(master, 60_000);
      await untilKnown(master, others);
      // It cannot say so itself.
      master.signal('SIGSTOP');
      await Promise.all(replicas.map((replica) => replica.start()));
      await Promise.all(replicas.map((replica) => setNodeTimeout(replica, 500)));
      await untilKnown(master, replicas);
      for (const replica of replicas) {
        expect((await redisInfo(replica))['master_host']).not.toBe(master.address);
      }
      master.signal('SIGCONT');
      await Promise.all(pods.map((pod) => setNodeTimeout(pod, 5_000)));
      await untilBalanced();
      expect(await countKeys()).toBe(KEYS.length);
    });

    test('of three replicas of one master one goes over to the master that has one', async () => {
      const replicas: Pod[] = [];
      for (const pod of pods) if ((await roleOf(pod)) === 'slave') replicas.push(pod);
      const masters = await Promise.all(
        replicas.map(async (replica) => (await redisInfo(replica))['master_host']),
      );
      const [address] = masters;
      const master = pods.find((pod) => pod.address === address);
      const id = await ask(master, 'CLUSTER', 'MYID');
      const other = replicas.find((_, at) => masters[at] !== address);
      expect(await ask(other, 'CLUSTER', 'REPLICATE', id)).toBe('OK');
      expect(await copies()).toEqual([1, 2, 3]);
      await untilBalanced();
      expect(await countKeys()).toBe(KEYS.length);
    });

    test('a node that lost its disk gets its data from the master that has fewest replicas', async () => {
      // The first node is the one that forms clusters; it must not form a second one.
      const [first] = pods;
      if (first === undefined) throw new Error('there is no node');
      await run(first, 'leave');
      await untilReady();
      await moveToLastMaster(first);
      await first.kill();
      // No node forgets the lost one, but it is no copy any more.
      const [other] = pods.slice(1);
      await waitUntil(async () => /slave,fail /.test(await ask(other, 'CLUSTER', 'NODES')), {
        withinMs: READY_LIMIT_MS,
        what: 'that the others take it for dead',
      });
      await rm(first.data, { recursive: true });
      await first.start();
      await untilReady();
      expect(await roleOf(first)).toBe('slave');
      await untilBalanced();
      expect(await countKeys()).toBe(KEYS.length);
    });

    /**
     * Exchanges a replica for one of the master with the last id. If all masters looked the same to it, the first node
     * would choose the one with the first id.
     */
    async function moveToLastMaster(replica: Pod): Promise<void> {
      const nodes = (await ask(replica, 'CLUSTER', 'NODES'))
        .split('\n')
        .map((line) => line.split(' '));
      const last = nodes
        .filter(
          ([, , flags = '', , , , , , slots]) => flags.includes('master') && slots !== undefined,
        )
        .map(([id = '']) => id)
        .toSorted()
        .at(-1);
      const former = nodes.find(([, , flags = '']) => flags.includes('myself'))?.[3];
      if (last === undefined || former === undefined || former === last) return;
      const exchanged = nodes.find(
        ([, , flags = '', master]) => flags === 'slave' && master === last,
      );
      const partner = pods.find(({ address }) => exchanged?.[1]?.startsWith(`${address}:`));
      expect(await ask(replica, 'CLUSTER', 'REPLICATE', last)).toBe('OK');
      expect(await ask(partner, 'CLUSTER', 'REPLICATE', former)).toBe('OK');
      await untilBalanced();
    }

    /** Waits until these nodes have the address of another one. */
    async function untilKnown(pod: Pod, to: readonly Pod[]): Promise<void> {
      await waitUntil(
        async () => {
          const lists = await Promise.all(to.map((each) => ask(each, 'CLUSTER', 'NODES')));
          return lists.every((list) => list.includes(` ${pod.address}:`));
        },
        { withinMs: READY_LIMIT_MS, what: `that the others know ${pod.address}` },
      );
    }

    async function setNodeTimeout(pod: Pod, ms: number): Promise<void> {
      expect(await ask(pod, 'CONFIG', 'SET', 'cluster-node-timeout', `${ms}`)).toBe('OK');
    }

    /** Asks all nodes, until all are ready in the same round. */
    async function untilReady(): Promise<void> {
      await waitUntil(
        async () => {
          const codes = await Promise.all(pods.map((pod) => run(pod, 'ready')));
          return codes.every((code) => code === 0);
        },
        { withinMs: READY_LIMIT_MS, everyMs: 500, what: 'that all nodes are ready' },
      );
    }

    /** A replica that is asked whether it is ready goes over to the master that has too few. */
    async function untilBalanced(): Promise<void> {
      await waitUntil(
        async () => {
          await untilReady();
          return String(await copies()) === '2,2,2';
        },
        { withinMs: READY_LIMIT_MS, everyMs: 500, what: 'two replicas for each master' },
      );
    }

    async function run(pod: Pod, what: 'ready' | 'leave'): Promise<number> {
      const { code } = await runCommand('sh', [join(SERVERS, 'cluster-node.sh'), what], {
        env: {
          PATH: process.env['PATH'],
          HOSTNAME: `redis-${pod.number}`,
          POD_IP: pod.address,
          REDIS_NODES: pods.map(({ address }) => address).join(' '),
          CLUSTER_ADMIN_PASSWORD: password,
        },
      });
      return code;
    }

    /** How many replicas the masters have that have any, the smallest number first. */
    async function copies(): Promise<number[]> {
      const all = await Promise.all(pods.map(redisInfo));
      const counts = new Map<string, number>();
      for (const { role, master_host: master = '' } of all) {
        if (role === 'slave') counts.set(master, (counts.get(master) ?? 0) + 1);
      }
      return [...counts.values()].toSorted((a, b) => a - b);
    }

    async function find(role: 'master' | 'slave'): Promise<Pod> {
      for (const pod of pods) if ((await roleOf(pod)) === role) return pod;
      throw new Error(`no node is ${role}`);
    }

    async function writeKeys(): Promise<void> {
      for (const key of KEYS) expect(await ask(pods[0], '-c', 'SET', key, 'there')).toBe('OK');
    }

    async function countKeys(): Promise<number> {
      let count = 0;
      for (const key of KEYS) count += Number(await ask(pods[0], '-c', 'EXISTS', key));
      return count;
    }
  },
);

const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`);

/** One node: its disk outlives it, its address does not. */
class Pod {
  readonly number: number;
  readonly data: string;
  readonly #folder: string;
  #life = 0;
  #process: GuardedProcess | undefined;

  constructor(folder: string, number: number) {
    this.#folder = folder;
    this.number = number;
    this.data = join(folder, `redis-${number}`);
  }

  get address(): string {
    return `127.77.${this.#life}.${this.number + 1}`;
  }

  async start(): Promise<void> {
    this.#life += 1;
    await mkdir(this.data, { recursive: true });
    const shipped = await readFile(join(SERVERS, 'redis.conf'), 'utf8');
    const settings = `${this.data}.conf`;
    await writeFile(
      settings,
      shipped
        .replaceAll('/data', this.data)
        .replaceAll('/etc/outcry/secrets', join(this.#folder, 'secrets')),
    );
    this.#process = await startGuarded({
      file: server ?? '',
      args: [settings, '--bind', this.address, '--cluster-announce-ip', this.address],
      log: `${this.data}.log`,
    });
    await waitUntil(async () => (await ask(this, 'PING')) === 'PONG', {
      withinMs: READY_LIMIT_MS,
      what: `an answer of node ${this.number}`,
    });
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#process !== undefined) process.kill(this.#process.pid, signal);
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}

async function roleOf(pod: Pod): Promise<string | undefined> {
  return (await redisInfo(pod))['role'];
}

async function redisInfo(pod: Pod): Promise<Record<string, string>> {
  const text = await ask(pod, 'INFO', 'replication');
  return Object.fromEntries(
    Array.from(text.matchAll(/^(\w+):([^\r\n]*)/gm), ([, name = '', value = '']) => [name, value]),
  );
}

async function ask(pod: Pod | undefined, ...command: string[]): Promise<string> {
  const who = ['-h', pod?.address ?? '', '--user', 'test', '--pass', 'any', '--no-auth-warning'];
  const { output } = await runCommand(client ?? '', [...who, ...command]);
  return output.trim();
}
