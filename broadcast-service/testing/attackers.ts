/**
 * A process that means harm to a broadcaster until it is killed: some times per second a new
 * connection, from an address of its own, that does what no viewer does. What it sends was made
 * beforehand, so that harm costs it little. Arguments: the broadcaster's URL, an auction to ask for,
 * attacks per second, and the kinds of attack, which take turns (default: all). To each message of its
 * parent it answers with an `AttackReport`.
 */
import { connect, type Socket } from 'node:net';
import { ATTACKS, type AttackKind, type AttackReport } from './attack-kinds.ts';
import { frame, SOCKET_IO, TEXT, upgrade } from './raw-frames.ts';

const [url = '', auctionId = '', perSecond = '', ...chosen] = process.argv.slice(2);
const STAYS_MS = 2_000;
const AT_ONCE = 400;
const IDLE_SOCKETS = 3_000;
const IDLE_AT_ONCE = 10;
const FLOOD = 3_000;
/** Not so many that the connection is ended before the first answer. */
const REQUESTS = 50;
/** Not so many that they get the present state instead. */
const MISSED = 1_900;
/**
 * Not the address of honest viewers, and another one each time, of which nothing bad is known yet,
 * where all of 127.0.0.0/8 is this machine's own.
 */
const FROM =
  process.platform === 'linux'
    ? `127.66.${(process.pid >> 8) & 255}.${process.pid & 255}`
    : '127.0.0.1';
const PING = 9;
const { hostname, port } = new URL(url);
let [tried, begun, open, idle] = [0, 0, 0, 0];

const times = (count: number, one: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => one));

const UPGRADE = upgrade(SOCKET_IO);
const JOIN = frame('40');

/** Opens a connection and sends this. */
function bytes(data: Buffer): Socket {
  tried += 1;
  open += 1;
  const socket = connect({ port: Number(port), host: hostname, localAddress: FROM });
  const end = setTimeout(() => socket.destroy(), STAYS_MS);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(end);
    open -= 1;
  });
  socket.on('connect', () => socket.write(data));
  return socket;
}

/** Becomes a viewer, and then does this. */
function viewer(harm: (socket: Socket) => void): void {
  const socket = bytes(UPGRADE);
  const read = (chunk: Buffer): void => {
    if (!chunk.includes('40{')) {
      if (chunk.includes('0{')) socket.write(JOIN);
      return;
    }
    begun += 1;
    socket.off('data', read);
    socket.resume();
    harm(socket);
  };
  socket.on('data', read);
}

const sends = (data: Buffer) => (): void => viewer((socket) => socket.write(data));

/** Asks for as much as is answered of what was, each time for another part of it. */
const asksForHistory = (reads: boolean) => (): void =>
  viewer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      const [, epoch, seq] = /"epoch":(\d+),"seq":(\d+)/.exec(chunk.toString()) ?? [];
      if (!reads) socket.pause();
      const first = Math.max(1, Number(seq) - MISSED);
      const requests = Array.from({ length: REQUESTS }, (_, i) => {
        // Small parts come first: of a large one the bound lets through few.
        const after = { epoch: Number(epoch), seq: Number(seq) - 1 - (i % (Number(seq) - first)) };
        return frame(`421${JSON.stringify(['watch', { auctionId, after }])}`);
      });
      socket.write(Buffer.concat(requests));
    });
    socket.write(frame(`421["watch",{"auctionId":"${auctionId}"}]`));
  });

const attacks: Readonly<Record<AttackKind, () => void>> = {
  'foreign-origins': () => bytes(upgrade(SOCKET_IO, 'origin: https://evil.example')),
  'unknown-sids': () => bytes(upgrade(`${SOCKET_IO}&sid=__proto__`)),
  'other-paths': () => bytes(upgrade('/else')),
  'big-frames': sends(frame('x'.repeat(2_000_000))),
  'deep-json': sends(frame(`42${'['.repeat(7_000)}`)),
  'malformed-packets': sends(times(FLOOD, frame('421["watch",{"auctionId":["x"]}]'))),
  'event-floods': sends(times(FLOOD, frame('421["unwatch",{"auctionId":"x"}]'))),
  'unheard-events': sends(times(FLOOD, frame('42["nobody-hears-this",{}]'))),
  pings: sends(times(FLOOD, frame('', PING))),
  fragments: sends(Buffer.concat([frame('4', TEXT, false), times(100_000, frame('', 0, false))])),
  'asks-for-history': asksForHistory(true),
  'asks-and-does-not-read': asksForHistory(false),
  comings: () => viewer(() => undefined),
  'idle-sockets': () => {
    for (let i = 0; i < IDLE_AT_ONCE && idle < IDLE_SOCKETS; i += 1) {
      idle += 1;
      tried += 1;
      const socket = connect({ port: Number(port), host: hostname, localAddress: FROM });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        idle -= 1;
      });
      socket.on('connect', () => socket.write(UPGRADE));
      socket.resume();
    }
  },
  'silent-connections': () => bytes(Buffer.alloc(0)),
};

const kinds = ATTACKS.filter((kind) => chosen.length === 0 || chosen.includes(kind));
let turn = 0;
const began = performance.now();
setInterval(() => {
  for (; turn < ((performance.now() - began) * Number(perSecond)) / 1_000; turn += 1) {
    const kind = kinds[turn % kinds.length];
    if (open < AT_ONCE && kind !== undefined) attacks[kind]();
  }
}, 5);
let before = process.cpuUsage();
process.on('message', () => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const report: AttackReport = { tried, begun, cpuMs: (user + system) / 1_000 };
  [tried, begun] = [0, 0];
  process.send?.(report);
});
process.on('disconnect', () => process.exit());
