/** A receiver of webhooks that checks every signature with the specification's own library. */
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

const sold = z.object({ id: z.string(), sellerId: z.string() }).loose();

const message = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z
    .object({
      auction: sold.optional(),
      sale: sold.optional(),
      epoch: z.int(),
      seq: z.int().optional(),
    })
    .loose(),
});

export interface Received {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: z.infer<typeof message>['data'];
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

type Answer = (response: ServerResponse, received: Received) => void;

const OK: Answer = (response) => response.writeHead(204).end();

export class Receiver {
  /** What came and was signed right, whatever was answered. */
  readonly received: Received[] = [];
  /** Requests, signed or not. */
  requests = 0;
  /** Requests at this moment, and the most there were. */
  open = 0;
  mostOpen = 0;
  /** What is wrong with requests that came. */
  readonly faults: string[] = [];
  secret = '';
  answer: Answer = OK;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.open += 1;
      this.mostOpen = Math.max(this.mostOpen, this.open);
      response.on('close', () => (this.open -= 1));
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        try {
          new Webhook(this.secret).verify(text, headers);
          const { type, timestamp, data } = message.parse(JSON.parse(text));
          const id = headers['webhook-id'] ?? '';
          const got = { id, type, timestamp, data, headers: request.headers, text };
          this.received.push(got);
          this.answer(response, got);
        } catch (error) {
          this.faults.push(String(error));
          response.writeHead(400).end();
        }
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** @param port the one it had, to come back at the same address */
  async start(host = '127.0.0.1', port = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Takes no connection any more, and breaks those that are there. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Types and seqs of what came of an auction, each message once, in the order of the first time. */
  told(auctionId: string): string[] {
    const seen = new Map<string, string>();
    for (const { id, type, data } of this.received) {
      if ((data.auction ?? data.sale)?.id === auctionId && !seen.has(id))
        seen.set(id, `${data.seq} ${type}`);
    }
    return [...seen.values()];
  }
}
