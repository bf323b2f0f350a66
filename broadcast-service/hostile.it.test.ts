/** Whoever means harm: the process lives, and honest viewers notice nothing. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { upgrade } from './testing/raw-frames.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const AUCTION = 'a1-hostile';
/** Other programs on the machine may spoil a round; an attack that does harm spoils all of them. */
const ROUNDS = 3;
const UNHARMED_BELOW_MS = 500;
/** Of which a viewer's message may be made. */
const MOST_PIECES = 16;
/** One answer holds so many. */
const MOST_EVENTS = 2_000;
/** A viewer sees at least so many after an attack. */
const BIDS_AFTER = 20;

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

/** The slowest bid from the beginning of the attack until a while after its end, ms. */
async function slowestBidDuring(attack: () => Promise<void>): Promise<number> {
  let isOver = false;
  const bidding = async (): Promise<number> => {
    const delays: number[] = [];
    for (let after = 0; after < BIDS_AFTER; after += isOver ? 1 : 0) {
      delays.push(await delayOfABid());
    }
    return Math.max(...delays);
  };
  const attacking = attack().finally(() => {
    isOver = true;
  });
  const [slowest] = await Promise.all([bidding(), attacking]);
  return slowest;
}

/**
 * The process lives through the attack, and the honest viewer sees bids at once all the while, on
 * its old connection. The attack is made again when bids were slow: each round is one with it.
 */
async function expectUnharmedBy(attack: () => Promise<void>): Promise<void> {
  const slowest: number[] = [];
  do slowest.push(await slowestBidDuring(attack));
  while (Math.min(...slowest) >= UNHARMED_BELOW_MS && slowest.length < ROUNDS);
  expect(Math.min(...slowest)).toBeLessThan(UNHARMED_BELOW_MS);
  expect(node.pid()).toBe(processId);
  expect(honest.socket.readyState).toBe(WebSocket.OPEN);
  expect(honest.accounts.get(AUCTION)?.faults).toEqual([]);
}

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

const PACKETS_OF_NO_PROTOCOL = [
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

describe('a hostile client', () => {
  it('that asks to connect in ways nobody should', () =>
    expectUnharmedBy(async () => {
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
    }));

  it('that sends too much at once', () =>
    expectUnharmedBy(async () => {
      const endedBefore = await endedSoFar();
      for (const data of ['x'.repeat(2_000_000), Buffer.alloc(2_000_000)]) {
        const viewer = await RawViewer.connect(node.url);
        const ended = closed(viewer.socket);
        viewer.socket.send(data);
        await ended;
      }
      expect(await endedSoFar()).toBe(endedBefore + 2);
    }));

  it('that sends a message in too many pieces', () =>
    expectUnharmedBy(async () => {
      const before = await misused('not the protocol');
      const heard: string[] = [];
      const viewer = await RawViewer.connect(node.url, { onText: (text) => heard.push(text) });
      const pieces = (count: number): void => {
        const [first, ...rest] = '421["unwatch",{"auctionId":"a1-x"}]';
        viewer.socket.send(first ?? '', { fin: false });
        for (let i = 2; i < count; i += 1) viewer.socket.send('', { fin: false });
        viewer.socket.send(rest.join(''));
      };
      pieces(MOST_PIECES);
      await until('it is answered', () => heard.some((text) => text.startsWith('431')));
      expect(await misused('not the protocol')).toBe(before);
      pieces(MOST_PIECES + 1);
      await until('it is ended', () => viewer.socket.readyState === WebSocket.CLOSED);
      expect(await misused('not the protocol')).toBe(before + 1);
    }));

  it('that sends packets of no protocol', () =>
    expectUnharmedBy(async () => {
      for (const packet of [...PACKETS_OF_NO_PROTOCOL, Buffer.from([0, 1, 2, 255])]) {
        const viewer = await RawViewer.connect(node.url);
        const ended = closed(viewer.socket);
        viewer.socket.send(packet);
        viewer.socket.send('42["unwatch",{"auctionId":"a1-x"}]');
        viewer.socket.close();
        await ended;
      }
    }));

  it('that floods', () =>
    expectUnharmedBy(async () => {
      const floods: ((socket: WebSocket) => void)[] = [
        (socket) => socket.send(`42${JSON.stringify(askForHistory())}`),
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
    }));

  it('that asks for much and reads nothing', () =>
    expectUnharmedBy(async () => {
      const viewer = await RawViewer.connect(node.url);
      const ended = closed(viewer.socket);
      viewer.socket.pause();
      const enough = placed + 50;
      const asking = setInterval(() => {
        viewer.socket.send(`421${JSON.stringify(askForHistory())}`);
      }, 5);
      await until('it asked for a while', () => placed >= enough);
      clearInterval(asking);
      viewer.socket.terminate();
      await ended;
    }));

  it('that is thousands', () =>
    expectUnharmedBy(async () => {
      const idle: WebSocket[] = [];
      const url = `${node.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
      for (let i = 0; i < SIZES.idleSockets; i += 100) {
        await Promise.all(
          Array.from({ length: 100 }, () => {
            const socket = new WebSocket(url, { perMessageDeflate: false });
            idle.push(socket);
            return new Promise((resolve, reject) => {
              socket.on('open', resolve);
              socket.on('error', reject);
            });
          }),
        );
      }
      const enough = placed + BIDS_AFTER;
      await until('they were there for a while', () => placed >= enough);
      for (const socket of idle) socket.terminate();
      await until('they are gone', async () => (await viewersOf()) === 1);
    }));
});

/** For as much as is answered of what was. */
const askForHistory = (): unknown => {
  const { epoch = 1, seq = 0 } = honest.accounts.get(AUCTION) ?? {};
  return ['watch', { auctionId: AUCTION, after: { epoch, seq: Math.max(0, seq - MOST_EVENTS) } }];
};

const viewersOf = (): Promise<number> => figure(node.url, 'outcry_viewers');

/** Which of the two limits is met first depends on how the bytes arrive. */
const endedSoFar = async (): Promise<number> =>
  (await misused('not the protocol')) + (await misused('too many bytes'));

/** Connections that were ended because of this. */
const misused = (kind: string): Promise<number> =>
  figure(node.url, 'outcry_viewers_misuse_total', { kind });
