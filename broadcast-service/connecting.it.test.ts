import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
  until,
  type TestBroadcaster,
  type TestBroadcasters,
  type TestViewer,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let broadcaster: TestBroadcaster;
const viewers: TestViewer[] = [];

beforeAll(async () => {
  system = await startTestBroadcasters();
  broadcaster = await system.start();
});

afterAll(async () => {
  await system.stop();
});

afterEach(() => {
  for (const viewer of viewers.splice(0)) viewer.socket.disconnect();
});

async function viewer(options: { token?: unknown; origin?: string } = {}): Promise<TestViewer> {
  const connected = await connectViewer(broadcaster, options);
  viewers.push(connected);
  return connected;
}

describe('connecting', () => {
  it('takes programs and the allowed origins only', async () => {
    await expect(viewer()).resolves.toBeDefined();
    await expect(viewer({ origin: 'https://outcry.example' })).resolves.toBeDefined();
    await expect(viewer({ origin: 'https://evil.example' })).rejects.toThrow();
    await expect(viewer({ origin: 'null' })).rejects.toThrow();
  });

  it('refuses a bad token and says why', async () => {
    for (const token of ['nonsense', 17, { a: 1 }, await tokenFor('ann', -60)]) {
      await expect(viewer({ token })).rejects.toMatchObject({
        data: { code: 'UNAUTHENTICATED', status: 401 },
      });
    }
  });

  it('speaks WebSocket only', async () => {
    const answer = await fetch(`${broadcaster.url}/socket.io/?EIO=4&transport=polling`);
    expect(answer.status).toBe(400);
  });
});

describe('whatever a client sends', () => {
  it('gets a problem, or nothing, and never ends the service', async () => {
    const hostile = await viewer();
    const payloads: unknown[] = [
      undefined,
      null,
      7,
      'a1-x',
      [],
      {},
      { auctionId: 7 },
      { auctionId: '__proto__' + 'x'.repeat(80) },
      { auctionId: 'a1-x', after: { epoch: '1', seq: 2 } },
      { auctionId: 'a1-x', after: { epoch: 1, seq: -1 } },
      { auctionId: 'a1-x', after: { epoch: 1e300, seq: 1 } },
      { auctionId: 'a1-x', more: true },
      JSON.parse('{"auctionId":"a1-x","__proto__":{"after":1},"constructor":1}'),
    ];
    for (const event of ['watch', 'bid']) {
      for (const payload of payloads) {
        expect(await hostile.ask(event, payload)).toMatchObject({
          ok: false,
          problem: { code: 'INVALID_REQUEST' },
        });
      }
    }
    expect(await hostile.ask('watch', { auctionId: '__proto__' })).toMatchObject({
      problem: { code: 'AUCTION_NOT_FOUND' },
    });
    expect(await hostile.ask('bid', { auctionId: 'a1-x', amount: 1, maxAmount: 2 })).toMatchObject({
      problem: { code: 'INVALID_REQUEST' },
    });
    expect(await hostile.ask('bid', { auctionId: 'a1-x', amount: 5 })).toMatchObject({
      problem: { code: 'UNAUTHENTICATED' },
    });
  });

  it('bytes that are not of the protocol end their own connection at most', async () => {
    const frames = [
      '42["watch"]',
      '42["watch",{"auctionId":"a1-x"}]',
      '42["error",{}]',
      '42["__proto__",{}]',
      '42["constructor",{}]',
      '421["toString",{}]',
      '42["disconnect"]',
      '42["newListener"]',
      '42[7]',
      '42{}',
      '451-["watch",{"_placeholder":true,"num":0}]',
      '40/other,',
      '43["x"]',
      '4',
      '9',
      `42["watch","${'x'.repeat(20_000)}"]`,
    ];
    for (const frame of frames) await sendFrame(broadcaster.url, frame);
    expect((await fetch(`${broadcaster.url}/healthz`)).status).toBe(200);
    await system.auctions.create('a1-after');
    expect(await (await viewer()).watch('a1-after')).toMatchObject({ ok: true });
  });

  it('limits how much one connection may ask', async () => {
    const flooding = await viewer();
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => flooding.ask('unwatch', { auctionId: 'a1-x' })),
    );
    expect(answers.at(-1)).toMatchObject({ ok: false, problem: { code: 'RATE_LIMITED' } });
  });
});

describe('a viewer that does not read', () => {
  it('is disconnected before it costs much memory, and the others go on', async () => {
    const auctionId = 'a1-slow';
    await system.auctions.create(auctionId);
    const reading = await viewer();
    await reading.watch(auctionId);
    const slow = await openSocket(broadcaster.url);
    slow.send(`42["watch",{"auctionId":"${auctionId}"}]`);
    await until('two watch', async () => (await broadcaster.metric('outcry_watches_total')) >= 2);
    const connected = await broadcaster.metric('outcry_viewers');
    slow.pause();
    let amount = 0;
    let bids = 0;
    await until('it is disconnected', async () => {
      await system.auctions.bid(
        auctionId,
        ...Array.from({ length: 500 }, (_, i) => {
          amount += 1_000_000;
          return { userId: `u${i % 2}`, amount };
        }),
      );
      bids += 500;
      return (await broadcaster.metric('outcry_viewers')) === connected - 1;
    });
    slow.terminate();
    await until('the other has all', () => reading.messages.at(-1)?.seq === bids + 2);
  });
});

describe('a stop', () => {
  it('sends viewers away and ends in time', async () => {
    const other = await system.start();
    const leaving = await connectViewer(other);
    const reasons: string[] = [];
    leaving.socket.on('disconnect', (reason) => reasons.push(reason));
    const begin = performance.now();
    await other.service.close();
    expect(performance.now() - begin).toBeLessThan(3_000);
    await until('it is told', () => reasons.length > 0);
    // Anything but "io server disconnect", after which the library does not come back.
    expect(reasons).toEqual(['transport close']);
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
  });
});

/** Opens a WebSocket and joins the namespace, as any client does. */
async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('0')) socket.send('40');
      if (text.startsWith('40')) resolve();
    });
  });
  return socket;
}

/** Sends one raw frame and something valid after it, and hangs up. */
async function sendFrame(url: string, frame: string): Promise<void> {
  const socket = await openSocket(url);
  const closed = new Promise((resolve) => {
    socket.on('close', resolve);
  });
  socket.send(frame);
  socket.send('42["unwatch",{"auctionId":"a1-x"}]');
  socket.close();
  await closed;
}
