/** A way between a service and its server that can be made slow or deaf, by a TCP proxy. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** More than this is not kept for one connection: its sender waits, as with a full network. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export class TcpLink {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #delayMs = 0;
  #holding = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** @param targetPort the server's, on 127.0.0.1; it need not run yet */
  static async open(targetPort: number): Promise<TcpLink> {
    const link = new TcpLink(targetPort);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen(0, '127.0.0.1', resolve);
    });
    return link;
  }

  /** Where the service connects to, on 127.0.0.1. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is closed');
    return address.port;
  }

  /** From now on everything takes so much longer, in both directions; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /**
   * From now on what the service sends is kept back, and what the server sends still arrives. It
   * is lost when the service's connection ends.
   */
  hold(): void {
    this.#holding = true;
  }

  /** Sends on what was kept back. */
  release(): void {
    this.#holding = false;
    for (const pair of this.#pairs) pair.toServer.pump();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.end();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #join(service: Socket): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    service.setNoDelay();
    const delayMs = (): number => this.#delayMs;
    const pair: Pair = {
      toServer: new Direction(service, server, delayMs, () => this.#holding),
      end: () => {
        service.destroy();
        server.destroy();
        this.#pairs.delete(pair);
      },
    };
    new Direction(server, service, delayMs, () => false).pump();
    this.#pairs.add(pair);
    for (const socket of [service, server]) {
      socket.once('error', () => pair.end());
      socket.once('close', () => pair.end());
    }
  }
}

interface Pair {
  readonly toServer: Direction;
  end(): void;
}

/** What one side sends to the other, in order. */
class Direction {
  readonly #waiting: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #isHeld: () => boolean;
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, delayMs: () => number, isHeld: () => boolean) {
    this.#from = from;
    this.#to = to;
    this.#isHeld = isHeld;
    from.on('data', (chunk) => {
      this.#waiting.push({ chunk, dueAt: performance.now() + delayMs() });
      this.#waitingBytes += chunk.length;
      this.pump();
    });
    to.on('drain', () => this.pump());
    from.once('close', () => clearTimeout(this.#timer));
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#isHeld() || this.#to.writableNeedDrain || this.#to.destroyed) break;
      const leftMs = next.dueAt - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.pump(), leftMs);
        break;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.chunk.length;
      this.#to.write(next.chunk);
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#from.pause();
    else this.#from.resume();
  }
}
