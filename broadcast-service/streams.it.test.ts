/** Server-Sent Events: the same feed and recovery as `watch`. */
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  startTestBroadcasters,
  type TestBroadcaster,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let broadcaster: TestBroadcaster;
let auctions = 0;
const requests: ClientRequest[] = [];

beforeAll(async () => {
  system = await startTestBroadcasters();
  broadcaster = await system.start({ MAX_VIEWERS_PER_ADDRESS: '5' });
});

afterAll(async () => {
  await system.stop();
});

afterEach(async () => {
  for (const request of requests.splice(0)) request.destroy();
  await until('all are gone', async () => (await broadcaster.metric('outcry_viewers')) === 0);
});

async function newAuction(): Promise<string> {
  auctions += 1;
  const auctionId = `a1-stream${auctions}`;
  await system.auctions.create(auctionId);
  return auctionId;
}

interface Stream {
  readonly response: IncomingMessage;
  /** Blocks between empty lines, as they came. */
  readonly blocks: () => string[];
  readonly messages: () => EventsMessage[];
  readonly lastId: () => string | undefined;
}

const field = (block: string, name: string): string[] =>
  block
    .split('\n')
    .filter((line) => line.startsWith(`${name}: `))
    .map((line) => line.slice(name.length + 2));

/** Opens a stream as `EventSource` would. */
async function open(auctionId: string, headers: Record<string, string> = {}): Promise<Stream> {
  const url = `${broadcaster.url}/v1/auctions/${auctionId}/stream`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(url, { headers, agent: false }, resolve);
    request.on('error', reject);
    requests.push(request);
  });
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (part: string) => (text += part));
  response.on('error', () => undefined);
  const blocks = (): string[] => text.split('\n\n').slice(0, -1);
  return {
    response,
    blocks,
    messages: () =>
      blocks()
        .filter((block) => field(block, 'event').includes('events'))
        .map((block) => JSON.parse(field(block, 'data').join('\n')) as EventsMessage),
    lastId: () =>
      blocks()
        .flatMap((block) => field(block, 'id'))
        .at(-1),
  };
}

async function refusal(auctionId: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await fetch(`${broadcaster.url}/v1/auctions/${auctionId}/stream`, { headers });
  expect(answer.headers.get('content-type')).toContain('problem+json');
  return answer.json();
}

async function bids(auctionId: string, from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i += 1) {
    await system.auctions.bid(auctionId, { userId: `u${i % 2}`, amount: 10_000 * (i + 1) });
  }
}

const seqsOf = (stream: Stream): number[] =>
  stream.messages().flatMap(({ events }) => events.map(({ seq }) => seq));

describe('a stream', () => {
  it('begins with the present state and goes on with every event', async () => {
    const auctionId = await newAuction();
    const stream = await open(auctionId, { origin: 'https://outcry.example' });
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'access-control-allow-origin': 'https://outcry.example',
    });
    await until('it has begun', () => stream.messages().length === 1);
    expect(stream.messages()[0]).toMatchObject({
      auctionId,
      epoch: 1,
      seq: 2,
      events: [],
      state: { status: 'live', price: 1_000, leader: null },
    });
    await bids(auctionId, 0, 5);
    await until('all came', () => stream.messages().at(-1)?.seq === 7);
    expect(seqsOf(stream)).toEqual([3, 4, 5, 6, 7]);
    expect(stream.lastId()).toBe('1:7');
    expect(Object.keys(stream.messages().at(-1) ?? {}).toSorted()).toEqual([
      'auctionId',
      'epoch',
      'events',
      'seq',
      'serverTime',
      'state',
    ]);
  });

  it('goes on after Last-Event-ID, or begins anew where that is not in the history', async () => {
    const auctionId = await newAuction();
    await bids(auctionId, 0, 10);
    const resumed = await open(auctionId, { 'last-event-id': '1:9' });
    await until('it has begun', () => resumed.messages().length === 1);
    expect(seqsOf(resumed)).toEqual([10, 11, 12]);
    const nothingNew = await open(auctionId, { 'last-event-id': '1:12' });
    await until('it has begun', () => nothingNew.messages().length === 1);
    const unknown = await open(auctionId, { 'last-event-id': '1:99' });
    await until('it has begun', () => unknown.messages().length === 1);
    for (const stream of [nothingNew, unknown]) {
      expect(stream.messages()[0]).toMatchObject({ seq: 12, events: [] });
    }
    await bids(auctionId, 10, 1);
    await until('it goes on', () => resumed.messages().at(-1)?.seq === 13);
    expect(seqsOf(resumed)).toEqual([10, 11, 12, 13]);
  });

  it('is refused with a problem', async () => {
    const auctionId = await newAuction();
    expect(await refusal('a1-nobody')).toMatchObject({ code: 'AUCTION_NOT_FOUND' });
    expect(await refusal(auctionId, { origin: 'https://evil.example' })).toMatchObject({
      code: 'FORBIDDEN',
    });
    for (const id of ['x', '1:', '1:2:3', '-1:2', '1e3:2', `1:${'9'.repeat(40)}`, '__proto__']) {
      expect(await refusal(auctionId, { 'last-event-id': id })).toMatchObject({
        code: 'INVALID_REQUEST',
      });
    }
    const posted = await fetch(`${broadcaster.url}/v1/auctions/${auctionId}/stream`, {
      method: 'POST',
      body: '{}',
    });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
  });

  it('is not found with a problem too, at an address that is none', async () => {
    for (const path of ['/v1/auctions/a%201/stream', '/v1/auctions', '/']) {
      const answer = await fetch(`${broadcaster.url}${path}`);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    }
  });

  it('counts towards the connections of its address', async () => {
    const auctionId = await newAuction();
    for (let i = 0; i < 5; i += 1) await open(auctionId);
    expect(await refusal(auctionId)).toMatchObject({ code: 'RATE_LIMITED' });
    requests.pop()?.destroy();
    await until('one is gone', async () => (await broadcaster.metric('outcry_viewers')) === 4);
    expect((await open(auctionId)).response.statusCode).toBe(200);
  });

  it('that is not read is ended, and the others go on', async () => {
    const auctionId = await newAuction();
    const [reading, stalled] = [await open(auctionId), await open(auctionId)];
    stalled.response.pause();
    let placed = 0;
    await until('it is ended', async () => {
      const many = Array.from({ length: 500 }, () => {
        placed += 1;
        return { userId: `u${placed % 2}`, amount: 1_000_000 * placed };
      });
      await system.auctions.bid(auctionId, ...many);
      return (await broadcaster.metric('outcry_viewers_dropped_total')) === 1;
    });
    await until('the other has all', () => reading.messages().at(-1)?.seq === placed + 2);
    expect(seqsOf(reading)).toEqual(Array.from({ length: placed }, (_, i) => i + 3));
  });

  it('ends when the node stops', async () => {
    const other = await system.start();
    const auctionId = await newAuction();
    const url = `${other.url}/v1/auctions/${auctionId}/stream`;
    const text = fetch(url).then((answer) => answer.text());
    await until('it is open', async () => (await other.metric('outcry_watches_total')) === 1);
    const begin = performance.now();
    await other.service.close();
    expect(performance.now() - begin).toBeLessThan(3_000);
    expect(await text).toContain('event: events');
  });
});
