/** How many watch each auction: here, and on the other nodes as far as they have said. Pure. */

/** What a node tells the others, numbered from 1, so that a lost message is noticed. */
export interface CountsMessage {
  readonly node: string;
  readonly number: number;
  /** True when these counts replace all that the node said before. */
  readonly whole: boolean;
  /** Auction id and how many watch it on that node; 0 when nobody does any more. */
  readonly counts: readonly (readonly [auctionId: string, viewers: number])[];
}

interface OtherNode {
  heardAt: number;
  /** The number of its last message, when nothing before it is missing. */
  number: number | undefined;
  readonly counts: Map<string, number>;
}

/** Nodes beyond this are not listened to: nobody runs that many. */
const MAX_NODES = 1_000;

export class ViewerCounts {
  readonly #own = new Map<string, number>();
  readonly #others = new Map<string, OtherNode>();

  /** Viewers of the auction on all nodes. */
  total(auctionId: string): number {
    let total = this.own(auctionId);
    for (const { counts } of this.#others.values()) total += counts.get(auctionId) ?? 0;
    return total;
  }

  own(auctionId: string): number {
    return this.#own.get(auctionId) ?? 0;
  }

  /** What somebody watches here. */
  get watchedHere(): Iterable<string> {
    return this.#own.keys();
  }

  setOwn(auctionId: string, viewers: number): void {
    set(this.#own, auctionId, viewers);
  }

  /**
   * Takes in what another node said.
   * @param now ms, steady clock
   * @returns the auctions whose total may have changed, and whether that node must be asked for
   *   all its counts, because something before this message was missed
   */
  hear(message: CountsMessage, now: number): { changed: readonly string[]; incomplete: boolean } {
    const { node, number, whole, counts } = message;
    let other = this.#others.get(node);
    if (other === undefined) {
      if (this.#others.size >= MAX_NODES) return { changed: [], incomplete: false };
      other = { heardAt: now, number: undefined, counts: new Map() };
      this.#others.set(node, other);
    }
    other.heardAt = now;
    const changed = new Set(whole ? other.counts.keys() : []);
    if (whole) other.counts.clear();
    const complete = whole || other.number === number - 1;
    other.number = complete ? number : undefined;
    for (const [auctionId, viewers] of counts) {
      set(other.counts, auctionId, viewers);
      changed.add(auctionId);
    }
    return { changed: Array.from(changed), incomplete: !complete };
  }

  /** Forgets a node that said good-bye. @returns the auctions whose total changed */
  forget(node: string): readonly string[] {
    const auctionIds = Array.from(this.#others.get(node)?.counts.keys() ?? []);
    this.#others.delete(node);
    return auctionIds;
  }

  /** Forgets nodes not heard since then. @returns the auctions whose total changed */
  forgetSilentSince(time: number): readonly string[] {
    const silent = Array.from(this.#others).filter(([, { heardAt }]) => heardAt < time);
    return silent.flatMap(([node]) => this.forget(node));
  }
}

function set(counts: Map<string, number>, auctionId: string, viewers: number): void {
  if (viewers === 0) counts.delete(auctionId);
  else counts.set(auctionId, viewers);
}
