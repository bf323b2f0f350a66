/** A way to a server that can be made slow or deaf, cut, or swallow all that is sent, by a TCP proxy. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** More than this is not kept for one connection: its sender waits, as with a full network. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export class TcpLink {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #delayMs = 0;
  #holding = false;
  #isCut = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => {
      if (this.#isCut) socket.destroy();
      else this.#join(socket);
    });
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

  /** To connect to instead of the server's own `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
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

  /** Ends all connections and takes no new ones. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) pair.end();
  }

  /** Takes connections again. */
  mend(): void {
    this.#isCut = false;
  }

  /** From now on nothing comes through the connections that there are; new ones work. */
  freeze(): void {
    for (const pair of this.#pairs) pair.freeze();
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
    const toServer = new Direction(service, server, delayMs, () => this.#holding);
    const toService = new Direction(server, service, delayMs, () => false);
    const pair: Pair = {
      toServer,
      freeze: () => {
        toServer.freeze();
        toService.freeze();
      },
      end: () => {
        service.destroy();
        server.destroy();
        this.#pairs.delete(pair);
      },
    };
    this.#pairs.add(pair);
    for (const socket of [service, server]) {
      socket.once('error', () => pair.end());
      socket.once('close', () => pair.end());
    }
  }
}

interface Pair {
  readonly toServer: Direction;
  freeze(): void;
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
  #isFrozen = false;

  constructor(from: Socket, to: Socket, delayMs: () => number, isHeld: () => boolean) {
    this.#from = from;
    this.#to = to;
    this.#isHeld = isHeld;
    from.on('data', (chunk) => {
      if (this.#isFrozen) return;
      this.#waiting.push({ chunk, dueAt: performance.now() + delayMs() });
      this.#waitingBytes += chunk.length;
      this.pump();
    });
    to.on('drain', () => this.pump());
    from.once('close', () => clearTimeout(this.#timer));
  }

  /** What waits and what comes is lost. */
  freeze(): void {
    this.#isFrozen = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.pump();
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
