import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  call,
  newAuction,
  startTestGatewayOnCluster,
  tokenFor,
  until,
  type ClusteredGateway,
} from './testing/test-gateway.ts';

let gateway: ClusteredGateway;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGatewayOnCluster();
  ann = await tokenFor(gateway, 'ann');
});
afterAll(() => gateway.stop());

test('auctions on every shard of a cluster take bids, retries, and end on time', async () => {
  const ids = await Promise.all(
    Array.from({ length: 24 }, () => newAuction(gateway, { durationSeconds: 3, softClose: null })),
  );
  const shards = new Set(ids.map((id) => id.slice(1, id.indexOf('-'))));
  expect(shards.size).toBe(gateway.shards);
  for (const id of ids) {
    const options = { token: ann, body: { maxAmount: 5_000 }, headers: { 'idempotency-key': 'k' } };
    const first = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, options);
    const again = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, options);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
  }
  await until('all have ended', async () => {
    const page = await call(gateway, 'GET', '/v1/auctions?status=ended&limit=200');
    const ended = page.body['items'] as { id: string; outcome: string }[];
    return ids.every((id) => ended.some((each) => each.id === id && each.outcome === 'sold'));
  });
});

test('a repeated creation under one key creates one auction, whatever the shard', async () => {
  const options = {
    token: await tokenFor(gateway, 'sam'),
    body: { item: { title: 'x' }, currency: 'USD', startPrice: 1, durationSeconds: 60 },
    headers: { 'idempotency-key': 'create' },
  };
  const first = await call(gateway, 'POST', '/v1/auctions', options);
  const again = await call(gateway, 'POST', '/v1/auctions', options);
  expect(again.body).toEqual(first.body);
});
