/** Whoever means harm: the process lives, and honest viewers notice nothing. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const AUCTION = 'a1-hostile';
/** Other programs on the machine may spoil a round; harm spoils all of them. */
const ROUNDS = 3;

let system: TestBroadcasters;
let node: LocalServer;
let honest: RawViewer;
let processId: number | undefined;
let placed = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
  node = await system.startProcess({ MAX_VIEWERS_PER_ADDRESS: '0' });
  processId = node.pid();
  await system.auctions.create(AUCTION);
  honest = await RawViewer.connect(node.url);
  await honest.watch(AUCTION);
});

afterAll(async () => {
  await system.stop();
});

/** How long it takes until the honest viewer sees a bid, ms. */
async function delayOfABid(): Promise<number> {
  placed += 1;
  await system.auctions.bid(AUCTION, { userId: `u${placed % 2}`, amount: 10_000 * placed });
  const begin = performance.now();
  const seq = placed + 2;
  await until('the honest viewer sees the bid', () => honest.accounts.get(AUCTION)?.seq === seq);
  return performance.now() - begin;
}

/** The process still lives, and the honest viewer sees bids at once on its old connection. */
async function expectUnharmed(): Promise<void> {
  const slowest: number[] = [];
  do {
    const delays: number[] = [];
    for (let i = 0; i < 20; i += 1) delays.push(await delayOfABid());
    slowest.push(Math.max(...delays));
  } while (Math.min(...slowest) >= 500 && slowest.length < ROUNDS);
  expect(Math.min(...slowest)).toBeLessThan(500);
  expect(node.pid()).toBe(processId);
  expect(honest.socket.readyState).toBe(WebSocket.OPEN);
  expect(honest.accounts.get(AUCTION)?.faults).toEqual([]);
}

const upgrade = (path: string, ...headers: string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    'host: x',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    '',
  ].join('\r\n');

/** Writes bytes on a bare connection. @returns the first bytes of the answer, or '' */
async function sendBytes(bytes: string | Buffer, then: 'wait' | 'reset' = 'wait'): Promise<string> {
  const socket = connect(node.port, '127.0.0.1');
  return new Promise((resolve) => {
    const done = (text: string): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('error', () => done(''));
    socket.on('close', () => done(''));
    socket.on('data', (data) => done(data.toString('latin1')));
    socket.setTimeout(3_000, () => done(''));
    socket.write(bytes, () => {
      if (then === 'wait') return;
      socket.resetAndDestroy();
      resolve('');
    });
  });
}

const closed = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.on('close', resolve);
    socket.on('error', () => undefined);
  });

describe('a hostile client', () => {
  it('that asks to connect in ways nobody should', async () => {
    const path = '/socket.io/?EIO=4&transport=websocket';
    const refused = [
      upgrade(`${path}&sid=__proto__`),
      upgrade(`${path}&sid=constructor`),
      upgrade(`${path}&sid=`.concat('x'.repeat(8_000))),
      upgrade('/socket.io/?EIO=4&transport=__proto__'),
      upgrade('/socket.io/?EIO=4&transport=polling'),
      upgrade(path, 'origin: https://evil.example'),
      upgrade(path, 'origin: null'),
      'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /v1/auctions/a1-hostile/stream HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\n\r\n',
    ];
    for (const request of refused) expect(await sendBytes(request)).toMatch(/^HTTP\/1.1 4\d\d/);
    for (const target of ['/', '/other', path, '/socket.io/%', '//', `${path}&sid=__proto__`]) {
      for (let i = 0; i < 20; i += 1) await sendBytes(upgrade(target), 'reset');
    }
    await sendBytes('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(10));
    await expectUnharmed();
  });

  it('that sends too much at once', async () => {
    const endedBefore = await endedSoFar();
    const big = await RawViewer.connect(node.url);
    const ended = closed(big.socket);
    big.socket.send(`42["watch",{"auctionId":"${'x'.repeat(2_000_000)}"}]`);
    await ended;
    const binary = await RawViewer.connect(node.url);
    const alsoEnded = closed(binary.socket);
    binary.socket.send(Buffer.alloc(2_000_000));
    await alsoEnded;
    const fragments = await RawViewer.connect(node.url);
    const endedToo = closed(fragments.socket);
    for (let i = 0; i < 20_000; i += 1) fragments.socket.send('', { fin: false });
    await endedToo;
    expect(await endedSoFar()).toBe(endedBefore + 3);
    await expectUnharmed();
  });

  it('that sends packets of no protocol', async () => {
    const packets = [
      '',
      '4',
      '9',
      '42',
      '420',
      '42[]',
      '42[7]',
      '42{}',
      '42["watch"',
      '42["__proto__",{}]',
      '42["constructor",{"prototype":{}}]',
      '42["disconnect"]',
      '42["error",{}]',
      '42["connect_error",{}]',
      '421["watch",{"auctionId":{"__proto__":1}}]',
      '42-1["watch",{}]',
      '4299999999999999999999["watch",{}]',
      '40/__proto__,',
      '40/other,{"token":1}',
      '40{"token":{"toString":1}}',
      '41',
      '43["x"]',
      '431[]',
      '44{"message":"no"}',
      '45999999-["watch",{"_placeholder":true,"num":0}]',
      '451-["watch",{"_placeholder":true,"num":1e9}]',
      '452-["__proto__",{"_placeholder":true,"num":-1}]',
      '0{}',
      '1',
      '2probe',
      '3probe',
      '5',
      '6',
      `42${'['.repeat(7_000)}`,
      `42["watch",${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}]`,
      'b!!!!',
      '\u0000\u0001',
    ];
    for (const packet of packets) {
      const viewer = await RawViewer.connect(node.url);
      const ended = closed(viewer.socket);
      viewer.socket.send(packet);
      viewer.socket.send('42["unwatch",{"auctionId":"a1-x"}]');
      viewer.socket.close();
      await ended;
    }
    const binary = await RawViewer.connect(node.url);
    const ended = closed(binary.socket);
    binary.socket.send(Buffer.from([0, 1, 2, 255]));
    binary.socket.close();
    await ended;
    await expectUnharmed();
  });

  it('that floods', async () => {
    const floods: ((socket: WebSocket) => void)[] = [
      (socket) => socket.send('42["watch",{"auctionId":"a1-hostile","after":{"epoch":1,"seq":0}}]'),
      (socket) => socket.send('421["unwatch",{"auctionId":"a1-x"}]'),
      (socket) => socket.send('42["nobody-hears-this",{}]'),
      (socket) => socket.send('3'),
      (socket) => socket.ping(),
    ];
    for (const flood of floods) {
      const viewer = await RawViewer.connect(node.url);
      const ended = closed(viewer.socket);
      for (let i = 0; i < 3_000; i += 1) flood(viewer.socket);
      await ended;
    }
    await expectUnharmed();
  });

  it('that asks for much and reads nothing', async () => {
    const viewer = await RawViewer.connect(node.url);
    const ended = closed(viewer.socket);
    viewer.socket.pause();
    const asking = setInterval(() => {
      viewer.socket.send(`421["watch",{"auctionId":"${AUCTION}","after":{"epoch":1,"seq":0}}]`);
    }, 5);
    await until('it was asked for a while', async () => (await delayOfABid()) > 0 && placed > 150);
    clearInterval(asking);
    viewer.socket.terminate();
    await ended;
    await expectUnharmed();
  });

  it('that is thousands', async () => {
    const idle: WebSocket[] = [];
    const url = `${node.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    for (let i = 0; i < SIZES.idleSockets; i += 100) {
      await Promise.all(
        Array.from({ length: 100 }, () => {
          const socket = new WebSocket(url, { perMessageDeflate: false });
          idle.push(socket);
          return new Promise((resolve) => {
            socket.on('open', resolve);
            socket.on('error', resolve);
          });
        }),
      );
    }
    await expectUnharmed();
    for (const socket of idle) socket.terminate();
    await until('they are gone', async () => (await viewersOf()) === 1);
  });
});

const viewersOf = (): Promise<number> => figure(node.url, 'outcry_viewers');

/** Which of the two limits is met first depends on how the bytes arrive. */
const endedSoFar = async (): Promise<number> =>
  (await misused('not the protocol')) + (await misused('too many bytes'));

/** Connections that were ended because of this. */
const misused = (kind: string): Promise<number> =>
  figure(node.url, 'outcry_viewers_misuse_total', { kind });
