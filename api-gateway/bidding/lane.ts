/** Commands that stand in one line for the next script call, oldest first. */
import {
  MAX_AUCTIONS_IN_CALL,
  type AuctionBatch,
  type AuctionCommand,
  type Outcome,
} from './auction-commands.ts';

/** Who sent a command and hears what became of it. */
export interface CommandSender {
  /** Asked just before the script call: a client that left needs no decision. */
  isGone(): boolean;
  /** Called once, perhaps at once. */
  settle(outcome: Outcome): void;
}

export interface Waiting {
  readonly shard: number;
  readonly auctionId: string;
  readonly command: AuctionCommand;
  readonly sender: CommandSender;
  /** By `monotonicNow`. */
  readonly deadline: number;
  settled: boolean;
}

/** An auction's part of a call, and who waits for it. */
export interface Asked extends AuctionBatch {
  readonly commands: AuctionCommand[];
  readonly waiting: Waiting[];
}

/** What a call must hold to be more than the only one in flight. */
const WORTH_A_CALL = 8;

export class Lane {
  readonly #waiting: Waiting[] = [];
  readonly #byAuction = new Map<string, number>();
  readonly inFlight = new Set<readonly Asked[]>();
  /** A call is about to be made. */
  isScheduled = false;

  get length(): number {
    return this.#waiting.length;
  }

  waitingFor(auctionId: string): number {
    return this.#byAuction.get(auctionId) ?? 0;
  }

  add(each: Waiting): void {
    this.#waiting.push(each);
    this.#byAuction.set(each.auctionId, this.waitingFor(each.auctionId) + 1);
  }

  /** Whether what waits makes a call now. */
  mayCall(maxCalls: number): boolean {
    const { size } = this.inFlight;
    return this.length >= (size === 0 ? 1 : WORTH_A_CALL) && size < maxCalls;
  }

  /**
   * Takes the oldest commands out of the line, as many as fit into one call.
   * @param gone takes those whose sender has left
   */
  takeCall(maxBatch: number, gone: (each: Waiting) => void): readonly Asked[] {
    const byAuction = new Map<string, Asked>();
    let taken = 0;
    for (const each of this.#waiting) {
      const { shard, auctionId, command } = each;
      let asked = byAuction.get(auctionId);
      const hasRoom = asked !== undefined || byAuction.size < MAX_AUCTIONS_IN_CALL;
      if (taken === maxBatch || !hasRoom) break;
      taken += 1;
      if (each.sender.isGone()) {
        gone(each);
        continue;
      }
      if (asked === undefined) {
        asked = { shard, auctionId, commands: [], waiting: [] };
        byAuction.set(auctionId, asked);
      }
      asked.commands.push(command);
      asked.waiting.push(each);
    }
    this.#take(taken);
    return Array.from(byAuction.values());
  }

  /** Takes those out whose time is up. */
  takeOverdue(now: number): readonly Waiting[] {
    // Oldest first: the first one that still has time ends the search.
    const firstInTime = this.#waiting.findIndex(({ deadline }) => deadline > now);
    return this.#take(firstInTime === -1 ? this.length : firstInTime);
  }

  #take(count: number): readonly Waiting[] {
    const taken = this.#waiting.splice(0, count);
    for (const { auctionId } of taken) {
      const left = this.waitingFor(auctionId) - 1;
      if (left === 0) this.#byAuction.delete(auctionId);
      else this.#byAuction.set(auctionId, left);
    }
    return taken;
  }
}
