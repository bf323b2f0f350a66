/** A raw viewer that comes back, to any node, whenever it loses its connection. */
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { RawAccount, RawViewer, type RawOptions } from './raw-viewer.ts';

const LONGEST_PAUSE_MS = 500;

export class ReturningViewer {
  readonly account = new RawAccount();
  /** Where the auction was when it was first told. */
  startSeq: number | undefined;
  connections = 0;
  readonly #auctionId: string;
  readonly #urls: readonly string[];
  readonly #options: RawOptions;
  #viewer: RawViewer | undefined;
  #ended = false;
  #first: number;

  /** @param first index of the node it tries first */
  constructor(auctionId: string, urls: readonly string[], first: number, options: RawOptions = {}) {
    this.#auctionId = auctionId;
    this.#urls = urls;
    this.#first = first;
    this.#options = options;
    void this.#stay();
  }

  /** Loses the connection as by a broken network. */
  drop(): void {
    this.#viewer?.socket.terminate();
  }

  end(): void {
    this.#ended = true;
    this.drop();
  }

  async #stay(): Promise<void> {
    while (!this.#ended) {
      await this.#watchOnce(this.#urls[this.#first] ?? '').catch(() => undefined);
      await pause(Math.random() * LONGEST_PAUSE_MS);
      this.#first = (this.#first + 1) % this.#urls.length;
    }
  }

  /** Resolves when the connection has ended. */
  async #watchOnce(url: string): Promise<void> {
    const accounts = new Map([[this.#auctionId, this.account]]);
    const viewer = await RawViewer.connect(url, this.#options, accounts);
    const closed = new Promise<void>((resolve) => {
      viewer.socket.on('close', () => resolve());
    });
    this.connections += 1;
    this.#viewer = viewer;
    if (this.#ended) viewer.socket.terminate();
    // A node without Redis says so; another one may have it.
    const answer = await Promise.race([viewer.watch(this.#auctionId), closed]);
    if (answer?.ok !== true) viewer.socket.terminate();
    this.startSeq ??= answer?.data?.auction.seq;
    await closed;
  }
}
