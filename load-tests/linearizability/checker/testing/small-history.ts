/** Builds short histories of one auction as a right engine answers them, command by command. */
import { problem, PROBLEMS, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { decide, minimumBid, passTime } from '@outcry/shared/domain/auction-rules.ts';
import type { Auction } from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';
import { ruleCommand } from '../../history.ts';
import type { History, HistoryAnswer, HistoryRequest, LoggedEvent } from '../../history.ts';
import { replayLog } from '../log.ts';

export const AUCTION_ID = 'a0-lamp';
const STARTS_AT = Date.UTC(2026, 0, 1);
const ENDS_AT = STARTS_AT + 60_000;

export interface Sent {
  readonly userId: string;
  readonly request: HistoryRequest;
  readonly key?: string;
  /** When the client sent it and when it had the answer. */
  readonly at: readonly [number, number];
  readonly gateway?: number;
  /** The engine decides, but the client gets no answer. */
  readonly lost?: boolean;
}

/** An engine in memory. Commands are decided in the order of the calls, whatever their times. */
export class SmallHistory {
  readonly #commands: History['commands'][number][] = [];
  readonly #events: LoggedEvent[] = [];
  readonly #answers = new Map<string, { request: string; answer: HistoryAnswer }>();
  #auction: Auction;
  #epoch = 1;
  #now = STARTS_AT - 1_000;

  constructor(terms: { reservePrice?: number; buyNowPrice?: number } = {}) {
    const creation = {
      item: { id: 'i0-lamp', title: 'A lamp' },
      newItem: true,
      sellerId: 'sam',
      currency: 'EUR',
      startPrice: 1_000,
      reservePrice: terms.reservePrice ?? 0,
      buyNowPrice: terms.buyNowPrice ?? 0,
      increments: '0:50,5000:100',
      startsAt: STARTS_AT,
      endsAt: ENDS_AT,
      durationMs: 0,
      softWindowMs: 0,
      softExtendMs: 0,
      hardEndsAt: 0,
      highestBid: 0,
      graceMs: 0,
    };
    const times = { startsAt: STARTS_AT, endsAt: ENDS_AT, hardEndsAt: ENDS_AT + 60_000 };
    const scheduled: LoggedEvent = {
      auctionId: AUCTION_ID,
      public: {
        epoch: 1,
        seq: 1,
        type: 'scheduled',
        at: new Date(this.#now).toISOString(),
        state: {
          status: 'scheduled',
          price: 1_000,
          minimumBid: 1_000,
          leader: null,
          bidCount: 0,
          reserveMet: creation.reservePrice === 0,
          endsAt: new Date(ENDS_AT).toISOString(),
        },
      },
      private: { userId: 'sam', key: 'b-create', fingerprint: 'x', creation, ...times },
    };
    this.#events.push(scheduled);
    const [auction] = replayLog([scheduled], [], () => undefined);
    if (auction === undefined) throw new Error('the rules refuse the creation');
    this.#auction = auction;
  }

  /** What happened so far; a copy that may be changed. */
  history(): History {
    const history = { name: 'small', seed: 0, commands: this.#commands, events: this.#events };
    return structuredClone(history);
  }

  start(): void {
    this.#passTimeTo(STARTS_AT);
  }

  end(): void {
    this.#passTimeTo(this.#auction.endsAt);
  }

  /** Redis restarted and lost nothing. */
  newEpoch(): void {
    const fork = this.#events.length;
    const parent = this.#epoch;
    this.#epoch += 100;
    this.#log('epoch', { fork }, { parent });
  }

  send({ userId, request, key = '', at, gateway = 0, lost = false }: Sent): void {
    const answer = this.#answer(userId, request, key);
    this.#commands.push({
      id: this.#commands.length,
      client: userId.length,
      userId,
      gateway,
      auctionId: AUCTION_ID,
      request,
      key,
      start: at[0],
      end: lost ? null : at[1],
      answer: lost ? null : answer,
    });
  }

  #passTimeTo(time: number): void {
    this.#now = time;
    const { auction, events } = passTime(this.#auction, time);
    this.#auction = auction;
    for (const event of events) this.#log(event.type, {});
  }

  #answer(userId: string, request: HistoryRequest, key: string): HistoryAnswer {
    if (request.kind === 'read') return answered(200, this.#view());
    if (request.kind === 'me') return answered(200, this.#ownView(userId));
    const text = JSON.stringify(request);
    const known = key === '' ? undefined : this.#answers.get(`${userId}:${key}`);
    if (known !== undefined) {
      if (known.request !== text) return refusedWith('IDEMPOTENCY_MISMATCH');
      return { ...known.answer, replayed: true };
    }
    const answer = this.#decide(userId, request, key);
    if (key !== '') this.#answers.set(`${userId}:${key}`, { request: text, answer });
    return answer;
  }

  #decide(userId: string, request: HistoryRequest, key: string): HistoryAnswer {
    this.#now += 10;
    const command = ruleCommand(userId, request);
    if (command === undefined) throw new Error(`${request.kind} decides nothing`);
    const decision = decide(this.#auction, command, this.#now);
    if (!decision.accepted) return refusedWith(publicCode(decision.code), decision.minimumBid);
    const bidId = `b-${this.#events.length}`;
    this.#auction = decision.auction;
    const own = { userId, key: key === '' ? bidId : key, fingerprint: 'x' };
    const { event } = decision;
    if (event === undefined) throw new Error(`${request.kind} is not shown`);
    if (request.kind === 'cancel' || request.kind === 'extend') {
      this.#log(event.type, own);
      return answered(200, this.#view());
    }
    const { kind: _kind, ...offer } = request;
    const alias = this.#auction.bidders.get(userId)?.alias ?? 0;
    const logged = this.#log(
      event.type,
      { ...own, bidId, alias, ...offer },
      event.bid === undefined ? {} : { bid: event.bid },
    );
    return answered(201, {
      bidId,
      epoch: logged.public.epoch,
      seq: logged.public.seq,
      result: this.#auction.leader === userId ? 'leading' : 'outbid',
      bidder: alias,
      price: this.#auction.price,
      minimumBid: minimumBid(this.#auction),
      endsAt: logged.public.state.endsAt,
      serverTime: logged.public.at,
    });
  }

  #log(
    type: LoggedEvent['public']['type'],
    own: LoggedEvent['private'],
    shown: Pick<LoggedEvent['public'], 'bid' | 'parent'> = {},
  ): LoggedEvent {
    const { leader, leaderMax } = this.#auction;
    const logged: LoggedEvent = {
      auctionId: AUCTION_ID,
      public: {
        epoch: this.#epoch,
        seq: this.#events.length + 1,
        type,
        at: new Date(this.#now).toISOString(),
        state: publicState(this.#auction),
        ...shown,
      },
      private: leader === undefined ? own : { ...own, leaderId: leader, leaderMax },
    };
    this.#events.push(logged);
    return logged;
  }

  #view(): Record<string, unknown> {
    const { epoch, seq, state } = this.#events.at(-1)?.public ?? {};
    const serverTime = new Date(this.#now).toISOString();
    return { id: AUCTION_ID, epoch, seq, ...state, serverTime };
  }

  #ownView(userId: string): Record<string, unknown> {
    const bidder = this.#auction.bidders.get(userId);
    return {
      alias: bidder?.alias ?? null,
      leading: this.#auction.leader === userId,
      maxAmount: bidder?.maximum ?? null,
      bidCount: bidder?.bids ?? 0,
    };
  }
}

const answered = (status: number, body: Record<string, unknown>): HistoryAnswer => ({
  status,
  replayed: false,
  body,
});

const refusedWith = (code: ProblemCode, least?: number | null): HistoryAnswer => {
  const extras = typeof least === 'number' ? { minimumBid: least } : {};
  return answered(PROBLEMS[code].status, { ...problem(code, 'A detail.', 'r-1', extras) });
};

function publicCode(code: string): ProblemCode {
  if (code in PROBLEMS) return code as ProblemCode;
  throw new Error(`${code} is never shown`);
}
