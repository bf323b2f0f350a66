/** The auctions that the user has saved, on whatever device; read while anything shows them. */
import { batch, computed, effect, signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { SavedAuction } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { problemOf } from './problem-of.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { asUser, signedInAs } from './session.ts';

/** Changes are hinted at once; this is for lost hints, and for what became of the auctions. */
const READ_EVERY_MS = 30_000;
const PAGE_SIZE = 200;

export class Watchlist {
  readonly problem = signal<Problem | null>(null);
  /** Null until the first answer, and for visitors. */
  readonly auctions = computed(
    () => this.#read.value?.filter(({ id }) => this.#wanted.value.get(id) !== false) ?? null,
  );
  readonly #client: OutcryClient;
  readonly #read = signal<readonly SavedAuction[] | null>(null, {
    watched: () => this.#begin(),
    unwatched: () => this.#loop?.stop(),
  });
  /** What the user has asked for and what was read may not show yet: true is saved. */
  readonly #wanted = signal<ReadonlyMap<string, boolean>>(new Map());
  /** Of these it is done: the next reading shows it. */
  readonly #done = new Set<string>();
  #loop: RefreshLoop | undefined;

  constructor(client: OutcryClient) {
    this.#client = client;
    effect(() => {
      void signedInAs.value;
      // Another user's list is none of the next one's business.
      batch(() => {
        this.#read.value = null;
        this.#wanted.value = new Map();
        this.problem.value = null;
      });
      this.again();
    });
  }

  /** Another device may have changed it. */
  again(): void {
    void this.#loop?.now();
  }

  has(auctionId: string): boolean {
    const saved = this.#read.value?.some(({ id }) => id === auctionId);
    return this.#wanted.value.get(auctionId) ?? saved ?? false;
  }

  /** Saves an auction or takes it out; shown at once. @throws OutcryError, and then it is as before */
  async set(auctionId: string, isSaved: boolean): Promise<void> {
    this.#done.delete(auctionId);
    this.#wanted.value = new Map(this.#wanted.peek()).set(auctionId, isSaved);
    const change = async (): Promise<void> => {
      if (isSaved) await this.#client.saveAuction(auctionId);
      else await this.#client.forgetAuction(auctionId);
    };
    try {
      await asUser(this.#client, change);
      this.#done.add(auctionId);
      this.again();
    } catch (error) {
      this.#settle([auctionId]);
      throw error;
    }
  }

  #begin(): void {
    this.#loop?.stop();
    const loop = new RefreshLoop(() => this.#readAll(loop), READ_EVERY_MS);
    this.#loop = loop;
    loop.start();
  }

  async #readAll(loop: RefreshLoop): Promise<void> {
    const userId = signedInAs.peek();
    if (userId === undefined) return;
    const done = [...this.#done];
    try {
      const auctions: SavedAuction[] = [];
      await asUser(this.#client, async () => {
        auctions.length = 0;
        for await (const page of this.#client.watchlistPages({ limit: PAGE_SIZE })) {
          auctions.push(...page);
        }
      });
      if (loop.stopped || signedInAs.peek() !== userId) return;
      batch(() => {
        this.#read.value = auctions;
        this.problem.value = null;
        this.#settle(done);
      });
    } catch (error) {
      if (!loop.stopped && signedInAs.peek() === userId) this.problem.value = problemOf(error);
    }
  }

  #settle(auctionIds: readonly string[]): void {
    const left = new Map(this.#wanted.peek());
    for (const id of auctionIds) {
      this.#done.delete(id);
      left.delete(id);
    }
    this.#wanted.value = left;
  }
}
