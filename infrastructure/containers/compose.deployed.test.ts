/** The Compose installation as it ships, run by a Docker engine, under load, while its parts die. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { Bidders, createAuction, send } from '../testing/bidders.ts';
import { commit, machine, today } from '../testing/run-facts.ts';
import { ROOT, type Variables } from '../testing/secured-servers.ts';
import { accountFor as account, BIDS_IN_POSTGRES } from './accounts.ts';
import { type BaseImage, obtainBaseImages } from './base-images.ts';
import { withCompose } from './compose-program.ts';
import { type Deployment, prepareDeployment } from './deployment.ts';
import { documentedCommand, documentedLines } from './documented-lines.ts';
import { type Engine, obtainEngine } from './engine.ts';

const BALANCER = 'http://localhost:8080';
const MINUTES_MS = 60_000;
/** Six, each of whom sends a request that failed again, under its key, for minutes. */
const PACE = { bidders: 6, attempts: 100, pauseMs: 100 };

let engine: Engine;
let environment: NodeJS.ProcessEnv;
let images: readonly BaseImage[];
let deployment: Deployment;

beforeAll(async () => {
  engine = await obtainEngine();
  environment = await withCompose(engine);
  images = await obtainBaseImages(engine, environment);
  deployment = await prepareDeployment(engine, environment);
}, 15 * MINUTES_MS);
afterAll(async () => {
  await deployment?.remove();
  await engine?.stop();
}, 2 * MINUTES_MS);

test(
  'the commands of the installation, as printed, bring everything up',
  { timeout: 10 * MINUTES_MS },
  async () => {
    const [commands = ''] = documentedLines('docs/install.md', '## Docker Compose');
    const output = await deployment.type(commands);
    expect(output).toContain('{"items":[],"nextCursor":null}');
    await deployment.healthy();
    expect((await fetch(BALANCER)).headers.get('content-type')).toContain('text/html');
    await fetch('http://localhost:3000/api/health').then(({ status }) => expect(status).toBe(200));
    // Prometheus sends alerts to an Alertmanager that takes them.
    const told = ['wget', '-q', '-O', '-', 'http://127.0.0.1:9090/api/v1/alertmanagers'];
    await waitUntil(
      async () =>
        (await deployment.compose('exec', '--no-TTY', 'prometheus', ...told)).includes(
          '"activeAlertmanagers":[{',
        ),
      { withinMs: 30_000, everyMs: 500, what: 'an Alertmanager that Prometheus knows' },
    );
  },
);

test(
  'under load each container is killed, stopped and started, then all are taken down and up: nothing accepted is lost, and every viewer sees the truth',
  { timeout: 14 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await newAuctions();
    const viewers: Viewer[] = [
      ...auctions.map((auctionId) => watchByStream(BALANCER, auctionId)),
      ...[1, 2, 3, 4].map(() => watchBySocket(BALANCER, auctions)),
    ];
    const bidders = new Bidders(BALANCER, secret, auctions, PACE);
    const onSocket = new SocketBidder(
      BALANCER,
      auctions[0] ?? '',
      signToken(secret, 'zoe', ['bidder']),
    );
    try {
      await bidders.reach(50);
      const services = (await deployment.services()).filter((name) => name !== 'migrate');
      expect(services.length).toBeGreaterThan(10);
      for (const service of services) {
        await deployment.kill(service);
        await deployment.healthy();
        await bidders.reach(bidders.accepted.length + 20);
        await deployment.compose('stop', service);
        await deployment.compose('start', service);
        await deployment.healthy();
        await bidders.reach(bidders.accepted.length + 20);
      }
      await deployment.compose('down');
      await deployment.compose('up', '--detach', '--wait');
      await bidders.reach(bidders.accepted.length + 50);
    } finally {
      await Promise.all([bidders.stop(), onSocket.stop()]);
    }
    expect(bidders.failures).toEqual([]);
    const accepted = [...bidders.accepted.map(({ bidId }) => bidId), ...onSocket.accepted];
    expect(onSocket.accepted.length).toBeGreaterThan(50);

    for (const auctionId of auctions) {
      const { body } = await send(`${BALANCER}/v1/auctions/${auctionId}`, undefined);
      const truth = { epoch: body['epoch'], seq: body['seq'] };
      const watching = viewers.filter((viewer) => viewer.at(auctionId) !== undefined);
      expect(watching.length).toBe(5);
      await waitUntil(
        () =>
          watching.every(
            (viewer) => JSON.stringify(viewer.at(auctionId)) === JSON.stringify(truth),
          ),
        { withinMs: 30_000, what: `position ${JSON.stringify(truth)} at every viewer` },
      );
    }
    expect(viewers.map(({ reversals }) => reversals)).toEqual(viewers.map(() => 0));
    for (const viewer of viewers) viewer.close();

    await accountFor(accepted);
    const redis = await deployment.compose('logs', '--no-color', 'redis');
    expect(redis).not.toMatch(/CRITICAL|was denied|NOPERM/i);
    writeReport({ images, engine, environment, overrides: deployment.overrides, accepted });
  },
);

test(
  'an update as the docs say, one container after the other under load, fails no bid',
  { timeout: 10 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await newAuctions();
    const bidders = new Bidders(BALANCER, secret, auctions, PACE);
    try {
      await bidders.reach(20);
      for (const program of ['api-gateway', 'broadcast-service', 'archival-worker']) {
        await appendFile(
          join(deployment.folder, program, 'main.ts'),
          `console.info('the next');\n`,
        );
      }
      await deployment.type(documentedLines('docs/operate.md', '## Upgrades').join(''));
      await deployment.healthy();
      for (const program of ['gateway', 'broadcaster', 'worker']) {
        for (const service of [`${program}-1`, `${program}-2`]) {
          const log = await deployment.compose('logs', '--no-color', service);
          expect(log).toContain('the next');
        }
      }
      await bidders.reach(bidders.accepted.length + 20);
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await accountFor(bidders.accepted.map(({ bidId }) => bidId));
  },
);

test(
  'a Redis that lost its volume answers for nothing until it is rebuilt as the docs say; then all auctions go on',
  { timeout: 5 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await newAuctions();
    const bidders = new Bidders(BALANCER, secret, auctions, PACE);
    await bidders.reach(50);
    await bidders.stop();
    const accepted = bidders.accepted.map(({ bidId }) => bidId);
    await accountFor(accepted);
    const before = await Promise.all(auctions.map(read));

    await deployment.compose('rm', '--stop', '--force', 'redis');
    await deployment.type('docker volume rm "${COMPOSE_PROJECT_NAME}_redis-data"');
    await deployment.compose('up', '--detach', '--no-deps', 'redis');
    const bid = { maxAmount: 90_000_000 };
    const zoe = signToken(secret, 'zoe', ['bidder']);
    const bidUrl = `${BALANCER}/v1/auctions/${auctions[0]}/bids`;
    await waitUntil(async () => (await send(bidUrl, zoe, bid)).body['code'] === 'UNAVAILABLE', {
      withinMs: 30_000,
      everyMs: 200,
      what: 'the refusal of a bid',
    });

    await deployment.type(documentedCommand('docs/operate.md', '## Tools', 'docker compose'));
    await deployment.healthy();
    expect(await Promise.all(auctions.map(read))).toEqual(before);
    expect((await send(bidUrl, zoe, bid)).status).toBe(201);
    await accountFor(accepted);
  },
);

test(
  'Postgres is lost and restored from a backup as the docs say, while bids go on: it has all of them again',
  { timeout: 5 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await newAuctions();
    const bidders = new Bidders(BALANCER, secret, auctions, PACE);
    const [, restore = ''] = documentedLines('docs/operate.md', '## Backup and restore');
    try {
      await bidders.reach(20);
      await deployment.type(
        documentedCommand('docs/operate.md', '## Backup and restore', 'docker compose'),
      );
      await bidders.reach(bidders.accepted.length + 20);
      // These are archived, and Redis knows that: only JetStream has them when Postgres is gone.
      await accountFor(bidders.accepted.map(({ bidId }) => bidId));
      await deployment.compose('rm', '--stop', '--force', 'postgres');
      await deployment.type('docker volume rm "${COMPOSE_PROJECT_NAME}_postgres-data"');
      expect(await deployment.type(restore)).toMatch(/read [1-9]\d* messages again/);
      await deployment.healthy();
      await bidders.reach(bidders.accepted.length + 20);
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await accountFor(bidders.accepted.map(({ bidId }) => bidId));
  },
);

test(
  'all passwords are changed as the docs say, under load: no bid fails, and the old ones open nothing',
  { timeout: 5 * MINUTES_MS },
  async () => {
    const { secret, auctions } = await newAuctions();
    const before = await deployment.secrets('verify');
    const bidders = new Bidders(BALANCER, secret, auctions, PACE);
    try {
      await bidders.reach(20);
      const [commands = ''] = documentedLines('docs/operate.md', '### Changing passwords');
      await deployment.type(commands);
      await deployment.healthy();
      await bidders.reach(bidders.accepted.length + 20);
    } finally {
      await bidders.stop();
    }
    expect(bidders.failures).toEqual([]);
    await accountFor(bidders.accepted.map(({ bidId }) => bidId));
    for (const [name, url] of Object.entries(await deployment.secrets('verify'))) {
      const old = before[name] ?? '';
      expect(old).not.toBe(url);
      const withOldPassword = { ...(await deployment.secrets('verify')), [name]: old };
      await expect(verifyAs(withOldPassword), name).rejects.toThrow(
        /WRONGPASS|Authorization Violation|password authentication failed/i,
      );
    }
  },
);

test('an administrator asks Postgres as the docs say', { timeout: MINUTES_MS }, async () => {
  const line = documentedCommand('docs/operate.md', '### Administrators', 'docker compose');
  expect(await deployment.type(line)).toContain('(1 row)');
});

/** What must be the same after a rebuild; the epoch rises. */
async function read(auctionId: string): Promise<object> {
  const { status, body } = await send(`${BALANCER}/v1/auctions/${auctionId}`, undefined);
  const { price, leader, bidCount, endsAt } = body;
  return { status, price, leader, bidCount, endsAt };
}

async function newAuctions(): Promise<{ secret: string; auctions: readonly string[] }> {
  const secret = (await deployment.secrets('api-gateway'))['JWT_SECRET'] ?? '';
  const lasting = { durationSeconds: 3_600 };
  const made = [1, 2, 3].map(() => createAuction(BALANCER, secret, lasting));
  return { secret, auctions: await Promise.all(made) };
}

/** Everything that was accepted is in Postgres once, and all that is kept agrees. */
function accountFor(accepted: readonly string[]): Promise<void> {
  return account(accepted, {
    bids: () =>
      deployment.type(
        `docker compose --file infrastructure/docker/compose.yaml exec --no-TTY postgres \
          psql --username postgres --tuples-only --no-align outcry --command '${BIDS_IN_POSTGRES}'`,
      ),
    verify: async () => verifyAs(await deployment.secrets('verify')),
  });
}

/** What `run-verify.js` says with these variables. @throws Error with its output when it fails */
function verifyAs(variables: Variables): Promise<string> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  return deployment.type(`docker compose --file infrastructure/docker/compose.yaml exec --no-TTY worker-1 \
    sh -c 'set -a; . /dev/stdin; exec node run-verify.js' <<'VARIABLES'\n${lines.join('')}VARIABLES\n`);
}

interface Viewer {
  /** The newest position seen of an auction. */
  at(auctionId: string): Position | undefined;
  /** How often what came was older than what had come before. */
  readonly reversals: number;
  close(): void;
}

/** Watches over Socket.IO, as the web app does. */
function watchBySocket(url: string, auctions: readonly string[]): Viewer {
  const feed = new LiveFeed({ url });
  const seen = new Newest();
  for (const auctionId of auctions) {
    feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction !== undefined) seen.note(auctionId, auction);
      },
    });
  }
  return {
    at: (auctionId) => seen.at(auctionId),
    get reversals() {
      return seen.reversals;
    },
    close: () => feed.close(),
  };
}

const RETRY_MS = 300;

/** Watches one auction by Server-Sent Events, as a browser's `EventSource` does. */
function watchByStream(url: string, auctionId: string): Viewer {
  const seen = new Newest();
  const end = new AbortController();
  let lastId = '';
  const readOnce = async (): Promise<void> => {
    const { ok, body } = await fetch(`${url}/v1/auctions/${auctionId}/stream`, {
      headers: lastId === '' ? {} : { 'last-event-id': lastId },
      signal: end.signal,
    });
    if (!ok || body === null) return void body?.cancel();
    let rest = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('id: ')) continue;
        lastId = line.slice('id: '.length);
        const [epoch, seq] = lastId.split(':').map(Number);
        seen.note(auctionId, { epoch: epoch ?? 0, seq: seq ?? 0 });
      }
    }
  };
  void (async () => {
    while (!end.signal.aborted) {
      await readOnce().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  })();
  return {
    at: (id) => seen.at(id),
    get reversals() {
      return seen.reversals;
    },
    close: () => end.abort(),
  };
}

class Newest {
  reversals = 0;
  readonly #newest = new Map<string, Position>();

  at(auctionId: string): Position | undefined {
    return this.#newest.get(auctionId);
  }

  note(auctionId: string, { epoch, seq }: Position): void {
    const before = this.#newest.get(auctionId);
    if (before !== undefined && comparePositions({ epoch, seq }, before) < 0) this.reversals += 1;
    this.#newest.set(auctionId, { epoch, seq });
  }
}

const BETWEEN_BIDS_MS = 500;
const BETWEEN_ATTEMPTS_MS = 100;
/** Above everybody else's, so that none is too low. */
const FIRST_AMOUNT = 1_000_000;

/** Bids over the live connection, with the same key until there is an answer. */
class SocketBidder {
  /** Ids of bids. */
  readonly accepted: string[] = [];
  #stopping = false;
  readonly #feed: LiveFeed;
  readonly #running: Promise<void>;

  constructor(url: string, auctionId: string, token: string) {
    this.#feed = new LiveFeed({ url, token });
    this.#running = this.#run(auctionId);
  }

  /** @throws Error that is no answer of Outcry's */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#feed.close();
  }

  async #run(auctionId: string): Promise<void> {
    for (let maxAmount = FIRST_AMOUNT; !this.#stopping; maxAmount += 100) {
      await this.#bid(auctionId, maxAmount);
      await pause(BETWEEN_BIDS_MS);
    }
  }

  async #bid(auctionId: string, maxAmount: number): Promise<void> {
    const key = randomUUID();
    while (!this.#stopping) {
      try {
        const { bidId } = await this.#feed.bid(auctionId, { maxAmount }, key);
        this.accepted.push(bidId);
        return;
      } catch (error) {
        if (!(error instanceof OutcryError)) throw error;
        await pause(BETWEEN_ATTEMPTS_MS);
      }
    }
  }
}

interface Findings {
  readonly images: readonly BaseImage[];
  readonly engine: Engine;
  readonly environment: NodeJS.ProcessEnv;
  readonly overrides: readonly string[];
  readonly accepted: readonly string[];
}

/** Keeps the last results in docs/test-deployed.md. Called when everything has passed. */
function writeReport(findings: Findings): void {
  const { images, engine, environment, overrides, accepted } = findings;
  const docker = (...args: string[]): string =>
    execFileSync(engine.docker, args, { env: environment, encoding: 'utf8' }).trim();
  const rows = images.map(
    ({ image, isStandIn, version }) =>
      `| \`${image}\` | ${isStandIn ? 'stand-in' : 'official'} | ${version.replaceAll('|', '/')} |`,
  );
  const lines = [
    '# The last run of the containers',
    '',
    'Written by `npm run test:deployed` when it passes: it runs',
    '[compose.deployed.test.ts](../infrastructure/containers/compose.deployed.test.ts). A stand-in is',
    'made where no registry gives the official image; the last column is what was tested.',
    '',
    `- ${today()}, after commit ${commit()}, ${machine()}`,
    `- Docker ${docker('version', '--format={{.Server.Version}}')}, ` +
      `${engine.isOwn ? 'started by the tests' : 'found'}; Compose ${docker('compose', 'version', '--short')}`,
    `- ${accepted.length} bids were accepted while parts died; all are in Postgres once, and \`verify\` agrees`,
    ...(overrides.length === 0 ? ['- the Compose file as it ships'] : overrides).map((line) =>
      line.startsWith('-') ? line : `- changed for this machine: ${line}`,
    ),
    '',
    '| image that ships | tested with | version |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ];
  writeFileSync(join(ROOT, 'docs/test-deployed.md'), lines.join('\n'));
}
