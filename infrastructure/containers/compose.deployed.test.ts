/** The Compose installation as it ships, run by a Docker engine, under load, while its parts die. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { Bidders, createAuction, send } from '../testing/bidders.ts';
import { type BaseImage, obtainBaseImages } from './base-images.ts';
import { withCompose } from './compose-program.ts';
import { type Deployment, prepareDeployment } from './deployment.ts';
import { documentedLines } from './documented-lines.ts';
import { type Engine, obtainEngine } from './engine.ts';
import { writeReport } from './report.ts';
import { SocketBidder } from './socket-bidder.ts';
import { type Viewer, watchByStream, watchBySocket } from './viewers.ts';

const BALANCER = 'http://localhost:8080';
const MINUTES_MS = 60_000;

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
  },
);

test(
  'under load each container is killed, stopped and started, then all are taken down and up: nothing accepted is lost, and every viewer sees the truth',
  { timeout: 14 * MINUTES_MS },
  async () => {
    const secret = (await deployment.secrets('api-gateway'))['JWT_SECRET'] ?? '';
    const auctions = await Promise.all(
      [1, 2, 3].map(() => createAuction(BALANCER, secret, { durationSeconds: 3_600 })),
    );
    const viewers: Viewer[] = [
      ...auctions.map((auctionId) => watchByStream(BALANCER, auctionId)),
      ...[1, 2, 3, 4].map(() => watchBySocket(BALANCER, auctions)),
    ];
    const bidders = new Bidders(() => BALANCER, secret, auctions, {
      bidders: 6,
      attempts: 100,
      pauseMs: 100,
    });
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

    await waitUntil(async () => (await notArchived(accepted)).length === 0, {
      withinMs: 60_000,
      everyMs: 1_000,
      what: `${accepted.length} accepted bids in Postgres`,
    });
    const verified =
      await deployment.type(`docker compose --file infrastructure/docker/compose.yaml exec --no-TTY worker-1 \
      sh -c 'set -a; . /dev/stdin; exec node run-verify.js' < infrastructure/docker/secrets/verify.env`);
    expect(verified).toContain('Everything agrees.');
    const redis = await deployment.compose('logs', '--no-color', 'redis');
    expect(redis).not.toMatch(/CRITICAL|was denied|NOPERM/i);
    writeReport({ images, engine, environment, overrides: deployment.overrides, accepted });
  },
);

/** Of these bids, those that Postgres does not have exactly once. */
async function notArchived(bids: readonly string[]): Promise<string[]> {
  const output = await deployment.type(
    `docker compose --file infrastructure/docker/compose.yaml exec --no-TTY postgres \
      psql --username postgres --tuples-only --no-align outcry \
      --command 'SELECT bid_id FROM events WHERE bid_id IS NOT NULL'`,
  );
  const counts = new Map<string, number>();
  for (const bid of output.split('\n')) counts.set(bid, (counts.get(bid) ?? 0) + 1);
  return bids.filter((bid) => counts.get(bid) !== 1);
}
