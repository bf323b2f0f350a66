/** One auction as its room shows it: live state, own stake, bids so far. */
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type {
  AuctionListener,
  WatchConnection,
  WatchedAuction,
} from '@outcry/client/watched-auction.ts';
import type { AuctionView, BidReceipt, OwnView } from '@outcry/shared/contracts/api.ts';
import type { NextStep } from '@outcry/shared/contracts/history.ts';
import { isRetryable, type Problem } from '@outcry/shared/contracts/problems.ts';
import { announceRoom } from './announce-room.ts';
import { viewOfArchived } from './archived-view.ts';
import { Bidding } from './bidding.ts';
import { clockErrorMs, serverNow, timed } from './clock.ts';
import { seeRoom } from './notices.ts';
import { problemOf } from './problem-of.ts';
import { RoomBids } from './room-bids.ts';
import { RoomProof } from './room-proof.ts';
import { Selling } from './selling.ts';
import type { Services } from './services.ts';
import { asUser, session, signedInAs } from './session.ts';

/** The end moved: shown for a moment beside the countdown. */
export interface Extension {
  readonly addedMs: number;
  /** Names this extension among others. */
  readonly endsAt: string;
}

const NO_STAKE: OwnView = { alias: null, leading: false, maxAmount: null, bidCount: 0 };

/** Bids that follow each other move the end by less, which is no news. */
const SHOWN_FROM_MS = 1_000;
/** So many of the newest events are asked of the live log, the rest of the archive. */
const RECENT_EVENTS = 200;
const CARE_EVERY_MS = 1_000;
/** Between two readings over HTTP while the live connection does not deliver. */
const READ_EVERY_MS = 4_000;
/** A start or an end that nobody has told us of this long after its time is asked for. */
const OVERDUE_MS = 800;
/** A countdown in tenths needs to know the server's time this well. */
const GOOD_CLOCK_MS = 40;
const MAX_STEP_READS = 15;
/** On a slow network it may never be known that well. */
const MAX_CLOCK_READS = 5;

export class Room {
  /** Null until the first answer. */
  readonly auction = signal<AuctionView | null>(null);
  /** Why there is nothing to show, or why reading it goes on failing. */
  readonly problem = signal<Problem | null>(null);
  readonly connection = signal<WatchConnection>('connecting');
  readonly viewers = signal<number | undefined>(undefined);
  readonly extension = signal<Extension | null>(null);
  /** What the user, winner or seller, is to do after the sale. */
  readonly nextStep = signal<NextStep | null>(null);
  /** Why the auction was paused last. */
  readonly pauseReason = signal('');
  /** Null until it is known whether the user has bid here; for visitors for ever. */
  readonly own = signal<OwnView | null>(null);
  /** The gateway has forgotten the auction; this is what the archive keeps of it. */
  readonly archived = signal(false);
  readonly bids: RoomBids;
  readonly bidding: Bidding;
  readonly selling: Selling;
  readonly proof: RoomProof;

  readonly leading = computed(() => {
    const alias = this.own.value?.alias ?? null;
    return alias !== null && this.auction.value?.leader === alias;
  });
  /** The user is the seller. */
  readonly isOwn = computed(
    () => signedInAs.value !== undefined && signedInAs.value === this.auction.value?.sellerId,
  );

  /** It was sold, and the user has sold or won it. */
  readonly #isParty = computed(
    () => this.auction.value?.outcome === 'sold' && (this.isOwn.value || this.leading.value),
  );
  readonly #services: Services;
  readonly #auctionId: string;
  readonly #listener: AuctionListener;
  #stops: (() => void)[] = [];
  #reading = false;
  #lastReadAt = 0;
  #ownIsDue = false;
  #readingOwn = false;
  /** What is being read may be older than what happened since. */
  #ownIsStale = false;
  #clockReads = 0;
  #closed = false;

  constructor(services: Services, auctionId: string) {
    this.#services = services;
    this.#auctionId = auctionId;
    this.bids = new RoomBids(services.client, auctionId);
    this.bidding = new Bidding(
      services,
      auctionId,
      (receipt, offered) => this.#accepted(receipt, offered),
      (own) => {
        this.own.value = own;
        this.#ownIsStale = true;
      },
    );
    this.selling = new Selling(services.client, auctionId, (auction) => this.#take(auction));
    this.proof = new RoomProof(services.client);
    this.#listener = {
      onStep: (step, { auction }) => {
        this.bids.hear(step, auction?.epoch ?? 0);
        if (step.kind !== 'event' || step.event.type !== 'paused') return;
        this.pauseReason.value = step.event.reason ?? '';
      },
      onChange: (watched) => this.#watchedChanged(watched),
      onOwnChange: () => void this.#readOwn(),
    };
  }

  /** Starts reading and watching, until {@link close}. */
  open(): void {
    void this.#read();
    const care = setInterval(() => this.#care(), CARE_EVERY_MS);
    seeRoom();
    this.#stops = [
      () => clearInterval(care),
      () => this.#services.feed.unwatch(this.#auctionId, this.#listener),
      () => this.bids.close(),
      effect(() => {
        const userId = signedInAs.value;
        untracked(() => this.#userChanged(userId));
      }),
      effect(() => this.bids.expect(this.auction.value?.bidCount ?? 0)),
      announceRoom(this),
      effect(() => {
        const isParty = this.#isParty.value;
        untracked(() => void this.#readNextStep(isParty));
      }),
    ];
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const isFirst = this.auction.peek() === null;
    try {
      const auction = await timed(() => this.#services.client.auction(this.#auctionId));
      if (this.#closed) return;
      this.#take(auction);
      this.problem.value = null;
      if (isFirst) this.#watch(auction);
    } catch (error) {
      if (!this.#closed) await this.#readFailed(error);
    } finally {
      this.#reading = false;
      this.#lastReadAt = Date.now();
    }
  }

  async #readFailed(error: unknown): Promise<void> {
    const problem = problemOf(error);
    if (problem.code !== 'AUCTION_NOT_FOUND') {
      this.problem.value = problem;
      return;
    }
    try {
      const kept = await this.#services.client.archivedAuction(this.#auctionId);
      if (this.#closed) return;
      batch(() => {
        this.archived.value = true;
        this.problem.value = null;
        this.#take(viewOfArchived(kept));
      });
    } catch (archiveError) {
      const isMissing = archiveError instanceof OutcryError && archiveError.problem.status === 404;
      this.problem.value = isMissing ? problem : problemOf(archiveError);
    }
  }

  /** From a little before the current state, so that the newest bids come with it. */
  #watch({ epoch, seq }: AuctionView): void {
    const after = { epoch, seq: Math.max(0, seq - RECENT_EVENTS) };
    const { feed } = this.#services;
    this.#watchedChanged(feed.watch(this.#auctionId, this.#listener, { after }));
  }

  #watchedChanged(watched: WatchedAuction): void {
    batch(() => {
      this.connection.value = watched.connection;
      this.viewers.value = watched.viewers;
      if (watched.auction !== undefined) this.#take(watched.auction);
    });
  }

  #take(auction: AuctionView): void {
    const before = this.auction.peek();
    if (before !== null && comparePositions(auction, before) < 0) return;
    batch(() => {
      this.auction.value = auction;
      if (before === null || auction.status !== 'live') return;
      const addedMs = Date.parse(auction.endsAt) - Date.parse(before.endsAt);
      if (addedMs >= SHOWN_FROM_MS) this.extension.value = { addedMs, endsAt: auction.endsAt };
    });
    if (before?.status === 'scheduled' && auction.status !== 'scheduled') {
      // What was left before the start has become a bid, with an alias.
      this.bidding.forgetNotice();
      void this.#readOwn();
    }
    if (before === null) this.#resumeBidding();
  }

  /** Once a second: what nobody tells us is asked for. */
  #care(): void {
    const auction = this.auction.peek();
    const sinceReadMs = Date.now() - this.#lastReadAt;
    if (this.#ownIsDue && sinceReadMs > READ_EVERY_MS) void this.#readOwn();
    if (auction === null) {
      const isFinal = this.problem.peek()?.status === 404;
      if (!isFinal && sinceReadMs > READ_EVERY_MS) void this.#read();
      return;
    }
    if (isOver(auction.status) || this.archived.peek()) return;
    const due = Date.parse(auction.status === 'live' ? auction.endsAt : auction.startsAt);
    const isOverdue = auction.status !== 'paused' && serverNow() > due + OVERDUE_MS;
    const isDeaf = this.connection.peek() !== 'live' && sinceReadMs > READ_EVERY_MS;
    const isUnsure = this.#clockReads < MAX_CLOCK_READS && clockErrorMs() > GOOD_CLOCK_MS;
    if (isUnsure) this.#clockReads += 1;
    if (isDeaf || isUnsure || (isOverdue && sinceReadMs > CARE_EVERY_MS)) void this.#read();
  }

  /** It needs what the archive has, which may lag: then it is asked for again. */
  async #readNextStep(isParty: boolean): Promise<void> {
    this.nextStep.value = null;
    const userId = signedInAs.peek();
    const isWanted = (): boolean =>
      !this.#closed && this.#isParty.peek() && signedInAs.peek() === userId;
    for (let tries = 0; isParty && tries < MAX_STEP_READS; tries += 1) {
      try {
        const { client } = this.#services;
        const step = await asUser(client, () => client.nextStep(this.#auctionId));
        if (isWanted()) this.nextStep.value = step;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
        isParty = isWanted();
      }
    }
  }

  #userChanged(userId: string | undefined): void {
    this.own.value = null;
    this.bidding.forgetUser();
    this.selling.forgetUser();
    if (userId !== undefined) void this.#readOwn();
    this.#resumeBidding();
  }

  /** As soon as it is known who the user is, and what the auction is held in. */
  #resumeBidding(): void {
    const currency = this.auction.peek()?.currency;
    if (currency !== undefined) this.bidding.resume(currency);
  }

  /** One reading at a time; what changes meanwhile is read afterwards. */
  async #readOwn(): Promise<void> {
    if (this.#readingOwn) {
      this.#ownIsStale = true;
      return;
    }
    this.#readingOwn = true;
    do {
      this.#ownIsStale = false;
      await this.#readOwnOnce();
    } while (this.#ownIsStale && !this.#closed);
    this.#readingOwn = false;
  }

  async #readOwnOnce(): Promise<void> {
    const userId = session.peek()?.userId;
    if (userId === undefined || this.archived.peek()) return;
    const { client } = this.#services;
    try {
      const own = await asUser(client, () => client.own(this.#auctionId));
      const isCurrent = session.peek()?.userId === userId && !this.#ownIsStale;
      if (isCurrent && !this.#closed) this.own.value = own;
      this.#ownIsDue = false;
    } catch (error) {
      // Without it the room works but for "you"; it is asked again, unless nobody can answer.
      this.#ownIsDue = isRetryable(problemOf(error).code);
    }
  }

  #accepted(receipt: BidReceipt, offered: number): boolean {
    const auction = this.auction.peek();
    const own = this.own.peek() ?? NO_STAKE;
    batch(() => {
      this.own.value = {
        alias: receipt.bidder,
        leading: receipt.result === 'leading',
        maxAmount: Math.max(own.maxAmount ?? 0, offered),
        // The feed tells when to read it.
        bidCount: own.bidCount,
      };
      // The live event says all of this and more, and may be here already; it may also be late.
      if (auction !== null && comparePositions(receipt, auction) > 0) {
        const { price, minimumBid, endsAt } = receipt;
        const leader = receipt.result === 'leading' ? receipt.bidder : auction.leader;
        this.auction.value = { ...auction, price, minimumBid, endsAt, leader };
      }
    });
    // What is being read just now is older.
    this.#ownIsStale = true;
    if (this.connection.peek() !== 'live') {
      void this.#read();
      void this.#readOwn();
    }
    // Another bid may have been faster to get here than the answer to this one.
    return auction === null || comparePositions(receipt, auction) >= 0 || this.leading.peek();
  }
}
