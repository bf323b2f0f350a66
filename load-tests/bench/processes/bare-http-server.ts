/**
 * The least a Node server can do for a bid: read the body, parse it, answer as many bytes as a
 * receipt. What the gateway is compared with. It listens at PORT.
 */
import { createServer } from 'node:http';

const RECEIPT = JSON.stringify({
  bidId: 'b-AAAAAAAAAAAAAAAAAAAA',
  epoch: 1,
  seq: 100_000,
  result: 'leading',
  bidder: 100,
  price: 100_000_000_000,
  minimumBid: 100_000_000_001,
  endsAt: '2026-01-01T00:00:00.000Z',
  serverTime: '2026-01-01T00:00:00.000Z',
});
const HEADERS = { 'content-type': 'application/json', 'content-length': RECEIPT.length };

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(201, HEADERS).end(RECEIPT);
  });
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
