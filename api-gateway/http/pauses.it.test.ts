/** Pauses at random: time stands still for exactly as long as they last. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { seeded } from '@outcry/shared/testing/seeded.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

const AUCTIONS = 100;
const PAUSES = 1_000;
const AT_ONCE = 20;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

test(`${PAUSES} pauses of ${AUCTIONS} auctions move each end by exactly the time paused`, async () => {
  const random = seeded(16);
  const token = await tokenFor(gateway, 'sam');
  const command = (id: string, kind: 'pause' | 'resume') =>
    call(gateway, 'POST', `/v1/auctions/${id}/${kind}`, { token, body: { reason: 'A test' } });
  const ids: string[] = [];
  for (let i = 0; i < AUCTIONS; i += 1) ids.push(await newAuction(gateway));
  let left = PAUSES;
  // Several at once on one auction: then all but one are refused.
  const pauseSome = async (): Promise<void> => {
    while (left > 0) {
      const id = ids[Math.floor(random() * AUCTIONS)] ?? '';
      if ((await command(id, 'pause')).status !== 200) continue;
      left -= 1;
      await new Promise((resolve) => setTimeout(resolve, random() * 5));
      expect((await command(id, 'resume')).status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, pauseSome));

  let pauses = 0;
  for (const id of ids) {
    const events = await loggedEvents(gateway.redis, shardOfId(id, gateway.shards) ?? 0, id);
    for (const [i, { type, at, state }] of events.entries()) {
      const before = events[i - 1];
      if (type !== 'resumed' || before === undefined) continue;
      pauses += 1;
      const paused = Date.parse(at) - Date.parse(before.at);
      const moved = Date.parse(state.endsAt) - Date.parse(before.state.endsAt);
      expect([before.type, moved]).toEqual(['paused', paused]);
    }
  }
  expect(pauses).toBeGreaterThanOrEqual(PAUSES);
});
