/**
 * The least that can be attacked: a TCP server of its own process that lets in whoever asks like a
 * viewer, and hangs up on whatever comes next. What attackers of it cost honest viewers of a
 * broadcaster on the same machine is the machine's part. Tells its parent its port.
 */
import { createServer } from 'node:net';

const VIEWERS_ASK = 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n';

/** @returns a short text frame */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);

const OPENED = Buffer.concat([
  Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  ),
  frame('0{}'),
]);
const JOINED = frame('40{}');

const server = createServer((wire) => {
  wire.on('error', () => wire.destroy());
  wire.once('data', (request) => {
    const asked = request.toString('latin1');
    if (!asked.startsWith(VIEWERS_ASK) || asked.includes('\r\norigin:')) {
      wire.destroy();
      return;
    }
    wire.write(OPENED);
    wire.once('data', () => {
      wire.write(JOINED);
      wire.once('data', () => wire.destroy());
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit());
