/**
 * The least a Node server can do for viewers: hears the auctions' channels in Redis, makes each
 * message and its frame once, and writes it to the WebSockets that asked for the auction. What the
 * broadcaster is compared with. It listens at PORT. Arguments: Redis's URL, how many shards.
 */
import { createServer } from 'node:http';
import type { Writable } from 'node:stream';
import { Redis } from 'ioredis';
import { WebSocketServer, type WebSocket } from 'ws';
import { readLiveMessage } from '@outcry/broadcast-service/adapters/redis/read-events.ts';
import { messageJson } from '@outcry/broadcast-service/feed/live-message.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';

const [redisUrl = '', shards] = process.argv.slice(2);
/** By channel. */
const rooms = new Map<string, { readonly auctionId: string; readonly sockets: Set<WebSocket> }>();
const subscriber = new Redis(redisUrl);

const server = createServer((_request, response) => {
  response.writeHead(200).end();
});
const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
webSockets.on('connection', (socket) => {
  socket.send('0{}');
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    const auctionId = /"auctionId":"([^"]+)"/.exec(text)?.[1];
    if (text === '40') socket.send('40{}');
    else if (auctionId !== undefined) {
      void join(auctionId, socket).then(() => socket.send('431[{"ok":true}]'));
    }
  });
});

async function join(auctionId: string, socket: WebSocket): Promise<void> {
  const channel = auctionKeys(shardOfId(auctionId, Number(shards)) ?? 0, auctionId).liveChannel;
  const room = rooms.get(channel) ?? { auctionId, sockets: new Set() };
  room.sockets.add(socket);
  socket.on('close', () => room.sockets.delete(socket));
  if (rooms.has(channel)) return;
  rooms.set(channel, room);
  await subscriber.ssubscribe(channel);
}

subscriber.on('smessage', (channel: string, text: string) => {
  const room = rooms.get(channel);
  if (room === undefined) return;
  const message = messageJson(readLiveMessage(room.auctionId, text));
  const payload = Buffer.from(`42["events",${message}]`);
  const { length } = payload;
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 0xff];
  const frame = Buffer.concat([Buffer.from(head), payload]);
  // Past the library's own framing, which is the fastest way there is.
  for (const socket of room.sockets) (Reflect.get(socket, '_socket') as Writable).write(frame);
});

server.listen(Number(process.env['PORT']), '127.0.0.1');
