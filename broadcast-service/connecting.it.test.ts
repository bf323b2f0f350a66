import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
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

/** Until so many are connected, and those of the tests before are gone. */
const untilConnected = (count: number): Promise<void> =>
  until(`${count} are connected`, async () => {
    return (await broadcaster.metric('outcry_viewers')) === count;
  });

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
    expect(await answer.text()).toBe('only WebSocket is spoken here');
  });

  it("says what a problem is at the address of the problem's type", async () => {
    const { type } = (await (await fetch(`${broadcaster.url}/nothing`)).json()) as { type: string };
    const page = await fetch(broadcaster.url + type);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('NOT_FOUND')]);
    expect((await fetch(`${broadcaster.url}/problems/constructor`)).status).toBe(404);
  });

  it('gives a session one connection: another would be past all limits', async () => {
    const own = await viewer();
    const sid = own.socket.io.engine.id;
    expect(await refusalOf(`&sid=${sid}`)).toBe(400);
    expect(await refusalOf(`&%73id=${sid}`)).toBe(400);
    expect(await own.ask('unwatch', { auctionId: 'a1-x' })).toMatchObject({ ok: true });
  });

  it('says by its HTTP status why it refuses', async () => {
    expect(await refusalOf('', { origin: 'https://evil.example' })).toBe(403);
    const small = await system.start({ MAX_VIEWERS_PER_ADDRESS: '1' });
    const only = await connectViewer(small);
    expect(await refusalOf('', {}, small)).toBe(429);
    const reason = 'too many connections of one address';
    expect(await small.metric('outcry_viewers_refused_total', { reason })).toBe(1);
    only.socket.disconnect();
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

  it('gets an answer to whatever has one payload, and a problem when there are none or many', async () => {
    await system.auctions.create('a1-shapes');
    const asking = await viewer();
    const watch = { auctionId: 'a1-shapes' };
    const wrong = { ok: false, problem: { code: 'INVALID_REQUEST', status: 422 } };
    for (const event of ['watch', 'unwatch', 'bid']) {
      expect(await asking.ask(event)).toMatchObject(wrong);
      expect(await asking.ask(event, watch, watch)).toMatchObject(wrong);
      expect(await asking.ask(event, watch, null)).toMatchObject(wrong);
      expect(await asking.ask(event, null)).toMatchObject(wrong);
      expect(await asking.ask(event, [watch])).toMatchObject(wrong);
      expect(await asking.ask(event, JSON.stringify(watch))).toMatchObject(wrong);
    }
    expect(await asking.ask('watch', watch)).toMatchObject({ ok: true });
    expect(await asking.ask('unwatch', watch)).toMatchObject({ ok: true });
  });

  it('is done without an answer when none is asked for', async () => {
    await system.auctions.create('a1-mute');
    const mute = await viewer();
    const emit = (...sent: unknown[]): void => {
      Reflect.apply(mute.socket.emit.bind(mute.socket), undefined, sent);
    };
    for (const event of ['watch', 'unwatch', 'bid']) {
      emit(event);
      emit(event, null);
      emit(event, 7, 8, 9);
    }
    emit('bid', { auctionId: 'a1-mute', amount: 500 });
    emit('watch', { auctionId: 'a1-mute' });
    // The next request is answered after the ones before it were taken.
    expect(await mute.ask('watch', { auctionId: 'a1-mute' })).toMatchObject({ ok: true });
    await system.auctions.bid('a1-mute', { userId: 'u1', amount: 10_000 });
    await until('it hears of bids', () => mute.messages.length > 0);
    emit('unwatch', { auctionId: 'a1-mute' });
    await mute.ask('unwatch', { auctionId: 'a1-mute' });
    expect(mute.socket.connected).toBe(true);
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
      Array.from({ length: 250 }, () => flooding.ask('unwatch', { auctionId: 'a1-x' })),
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
    await untilConnected(2);
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
      return (await broadcaster.metric('outcry_viewers')) === 1;
    });
    slow.terminate();
    await until('the other has all', () => reading.messages.at(-1)?.seq === bids + 2);
  });
});

describe('a user who does not read', () => {
  it('is disconnected before notices cost much memory', { timeout: 30_000 }, async () => {
    const token = await tokenFor('deaf');
    const deaf = await openSocket(broadcaster.url, token);
    await untilConnected(1);
    deaf.pause();
    const notice = { type: 'won', userId: 'deaf', auctionId: 'a1-x', price: 100 };
    const notices = JSON.stringify(Array.from({ length: 1_000 }, () => notice));
    await until(
      'it is disconnected',
      async () => {
        await system.redis.spublish(shardKeys(0).noticesChannel, notices);
        return (await broadcaster.metric('outcry_viewers')) === 0;
      },
      25_000,
    );
    deaf.terminate();
  });
});

describe('a stop', () => {
  it('sends viewers away and ends in time', async () => {
    const other = await system.start();
    const leaving = await connectViewer(other);
    // As browsers make them ahead of time.
    const silent = connect(other.service.port, '127.0.0.1');
    await once(silent, 'connect');
    silent.on('error', () => undefined);
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

/** The HTTP status of the answer to a request for a connection. */
function refusalOf(
  query: string,
  headers: Readonly<Record<string, string>> = {},
  at = broadcaster,
): Promise<number | undefined> {
  const url = `${at.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket${query}`;
  const socket = new WebSocket(url, { headers });
  return new Promise((resolve) => {
    socket.on('error', () => resolve(undefined));
    socket.on('open', () => {
      socket.terminate();
      resolve(undefined);
    });
    socket.on('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode);
    });
  });
}

/** Opens a WebSocket and joins the namespace, as any client does. */
async function openSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('0'))
        socket.send(`40${token === undefined ? '' : JSON.stringify({ token })}`);
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
