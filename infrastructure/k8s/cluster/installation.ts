/** An overlay in the cluster, as its users and its operator see it. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { createAuction } from '../../testing/bidders.ts';
import { accountFor, BIDS_IN_POSTGRES } from '../../containers/accounts.ts';
import type { Checkout } from '../../containers/checkout.ts';
import { documentedCommand } from '../../containers/documented-lines.ts';
import type { Cluster } from './cluster.ts';

const READY_WITHIN_MS = 600_000;

export class Installation {
  readonly #cluster: Cluster;
  readonly #checkout: Checkout;
  /** Of the overlay that is applied, or whose secrets are used. */
  readonly #secrets: string;
  readonly #namespaceOfServers: string;

  /** @param overlay `local`, `production` or `managed` */
  constructor(
    cluster: Cluster,
    checkout: Checkout,
    overlay: string,
    { namespaceOfServers = 'outcry' } = {},
  ) {
    this.#cluster = cluster;
    this.#checkout = checkout;
    this.#secrets = `infrastructure/k8s/overlays/${overlay}/secrets`;
    this.#namespaceOfServers = namespaceOfServers;
  }

  /** Runs shell lines of the docs as printed. */
  type(lines: string): Promise<string> {
    return this.#checkout.type(lines, this.#cluster.environment);
  }

  kubectl(...args: string[]): Promise<string> {
    return this.#cluster.kubectl('--namespace=outcry', ...args);
  }

  /** Names of the pods of one part, or of all. */
  async pods(part?: string): Promise<readonly string[]> {
    const some = part === undefined ? [] : [`--selector=app.kubernetes.io/name=${part}`];
    const output = await this.kubectl('get', 'pods', ...some, '--output=name');
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace('pod/', ''));
  }

  /** Waits until all pods that there should be are ready, and no other is left. */
  async ready(): Promise<void> {
    let state = '';
    const look = async (): Promise<boolean> => {
      const row =
        '{.kind}/{.metadata.name} {.spec.replicas} {.status.readyReplicas} {.status.updatedReplicas}';
      const columns = `--output=jsonpath={range .items[*]}${row}{"\\n"}{end}`;
      state = await this.kubectl('get', 'deployments,statefulsets', columns);
      const rows = state
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      const wanted = rows.reduce((sum, [, replicas]) => sum + Number(replicas), 0);
      if (rows.some(([, replicas, ready, updated]) => replicas !== ready || replicas !== updated)) {
        return false;
      }
      // For a moment the sum of a set still counts a pod that was just deleted by force.
      const pod = '{.metadata.deletionTimestamp} {.status.conditions[?(@.type=="Ready")].status}';
      const pods = await this.kubectl(
        'get',
        'pods',
        `--output=jsonpath={range .items[*]}${pod}{"\\n"}{end}`,
      );
      return pods === ' True\n'.repeat(wanted);
    };
    try {
      await waitUntil(look, {
        withinMs: READY_WITHIN_MS,
        everyMs: 500,
        what: 'that all pods are ready',
      });
    } catch (error) {
      const pods = await this.kubectl('get', 'pods', '--output=wide');
      const events = await this.kubectl('get', 'events', '--sort-by=.lastTimestamp');
      throw new Error(`${state}\n${pods}\n${events.slice(-4_000)}`, { cause: error });
    }
  }

  /**
   * What would differ if another `apply` or upgrade had an effect; `configured` in its output says nothing about
   * that. Helm keeps a record of each upgrade.
   */
  async state(): Promise<string> {
    const kinds = 'deployments,statefulsets,services,gateways,httproutes,networkpolicies';
    const generations =
      '{range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}';
    const ids = '{range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}{"\\n"}{end}';
    const objects = await this.kubectl(
      'get',
      'pods,secrets,configmaps',
      `--output=jsonpath=${ids}`,
    );
    return (
      (await this.kubectl('get', kinds, `--output=jsonpath=${generations}`)) +
      objects.replaceAll(/^Secret\/sh\.helm\.release.*\n/gm, '')
    );
  }

  async newAuctions(url: string): Promise<{ secret: string; auctions: readonly string[] }> {
    const secret = (await this.#checkout.secrets(this.#secrets, 'api-gateway'))['JWT_SECRET'] ?? '';
    const made = Array.from({ length: 8 }, () =>
      createAuction(url, secret, { durationSeconds: 7_200, attempts: 30 }),
    );
    return { secret, auctions: await Promise.all(made) };
  }

  /** @throws Error unless all that was accepted is in Postgres once and `run-verify.js` agrees */
  account(accepted: readonly string[]): Promise<void> {
    // docs/operate.md, tools.
    const tool = documentedCommand('docs/operate.md', '## Tools', 'kubectl');
    const psql = ['psql', '--username=postgres', '--tuples-only', '--no-align', 'outcry'];
    const ask = ['exec', 'postgres-0', '--', ...psql, `--command=${BIDS_IN_POSTGRES}`];
    return accountFor(accepted, {
      bids: () => this.#cluster.kubectl(`--namespace=${this.#namespaceOfServers}`, ...ask),
      verify: () =>
        this.type(
          [
            `secrets=${this.#secrets}`,
            tool.replace('run-rebuild.js', 'run-verify.js').replace('rebuild.env', 'verify.env'),
          ].join('\n'),
        ),
    });
  }
}
