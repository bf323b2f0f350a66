/**
 * A process that means harm to a broadcaster until it is killed: 20 times a second a new connection
 * that does what no viewer does. Tells its parent of each that was let in. Arguments: the broadcaster's URL, an auction to ask for.
 */
import { connect } from 'node:net';
import { WebSocket } from 'ws';

const [url = '', auctionId = ''] = process.argv.slice(2);
const EVERY_MS = 50;
const AT_ONCE = 200;
const STAYS_MS = 2_000;
const PATH = '/socket.io/?EIO=4&transport=websocket';
const { hostname, port } = new URL(url);
const open = new Set<WebSocket>();

/** Connects, and does this as soon as the namespace is joined. */
function attacker(act: (socket: WebSocket) => void, origin?: string): void {
  if (open.size >= AT_ONCE) return;
  const socket = new WebSocket(`${url.replace('http', 'ws')}${PATH}`, {
    perMessageDeflate: false,
    ...(origin === undefined ? {} : { origin }),
  });
  open.add(socket);
  const end = setTimeout(() => socket.terminate(), STAYS_MS);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(end);
    open.delete(socket);
  });
  socket.on('open', () => socket.send('40'));
  socket.on('message', (data: Buffer) => {
    if (!data.toString().startsWith('40')) return;
    process.send?.('attacking');
    act(socket);
  });
}

const often = (socket: WebSocket, act: () => void): void => {
  for (let i = 0; i < 3_000 && socket.readyState === WebSocket.OPEN; i += 1) act();
};

const kinds: readonly (() => void)[] = [
  () => attacker((socket) => often(socket, () => socket.send('421["unwatch",{"auctionId":"x"}]'))),
  () => attacker((socket) => often(socket, () => socket.ping())),
  () => attacker((socket) => socket.send('x'.repeat(2_000_000))),
  () => attacker((socket) => socket.send(`42${'['.repeat(7_000)}`)),
  () => attacker(() => undefined, 'https://evil.example'),
  () =>
    attacker((socket) => {
      socket.pause();
      const watch = `421["watch",{"auctionId":"${auctionId}","after":{"epoch":1,"seq":1}}]`;
      for (let i = 0; i < 200; i += 1) socket.send(watch);
    }),
  () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.end(`GET ${PATH}&sid=__proto__ HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\r\n`);
  },
];

let turn = 0;
setInterval(() => {
  kinds[turn % kinds.length]?.();
  turn += 1;
}, EVERY_MS);
process.on('disconnect', () => process.exit());
