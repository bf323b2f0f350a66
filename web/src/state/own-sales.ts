/**
 * One page of what the user sells. The archive knows all of it, with the terms that nobody else is told;
 * it is read again every few seconds, and what is in sight comes live on top of it.
 */
import { batch, computed, signal } from '@preact/signals';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OwnAuction, OwnList } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { viewOfArchived } from './archived-view.ts';
import { LiveViews } from './live-views.ts';
import { problemOf } from './problem-of.ts';
import { RefreshLoop } from './refresh-loop.ts';
import type { Services } from './services.ts';
import { asUser } from './session.ts';

const REFRESH_EVERY_MS = 5_000;
const PAGE_SIZE = 24;

/** An auction of the user's, and the newest that is known of it. */
export interface Sale {
  readonly own: OwnAuction;
  readonly auction: AuctionView;
}

export class OwnSales {
  /** Null until the first answer. */
  readonly sales = computed(() => this.#newest());
  readonly views: LiveViews;
  readonly problem = signal<Problem | null>(null);
  readonly nextCursor = signal<string | null>(null);
  readonly #services: Services;
  readonly #list: OwnList;
  readonly #after: string | undefined;
  readonly #listed = signal<readonly OwnAuction[] | null>(null);
  readonly #loop = new RefreshLoop(() => this.#read(), REFRESH_EVERY_MS);

  /** @param after the cursor that the page follows */
  constructor(services: Services, list: OwnList, after: string | undefined) {
    this.#services = services;
    this.#list = list;
    this.#after = after;
    this.views = new LiveViews(services.feed);
  }

  open(): void {
    this.#loop.start();
  }

  close(): void {
    this.#loop.stop();
    this.views.close();
  }

  async #read(): Promise<void> {
    const { client } = this.#services;
    try {
      const query = { list: this.#list, limit: PAGE_SIZE, cursor: this.#after };
      const { items, nextCursor } = await asUser(client, () => client.ownAuctions(query));
      if (this.#loop.stopped) return;
      batch(() => {
        this.#listed.value = items;
        this.nextCursor.value = nextCursor;
        this.views.keepOnly(new Set(items.map(({ id }) => id)));
        this.problem.value = null;
      });
    } catch (error) {
      this.problem.value = problemOf(error);
    }
  }

  #newest(): readonly Sale[] | null {
    const listed = this.#listed.value;
    return listed?.map((own) => ({ own, auction: this.views.newest(viewOfArchived(own)) })) ?? null;
  }
}
