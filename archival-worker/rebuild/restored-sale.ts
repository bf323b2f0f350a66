/**
 * Folds a sale's book into what Redis held of it. The fields are those of sale.lua. What follows from the
 * lots (their list, the latest end, what bidders owe) is taken from the lots as they are archived.
 */
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { isOver, type PrivateEvent, type PublicEvent } from '@outcry/shared/contracts/events.ts';
import type { SaleStatus, SaleTerms } from '@outcry/shared/contracts/sales.ts';
import { answered, type FirstAnswer } from './first-answers.ts';
import {
  NO_SERVER,
  packed,
  Restoration,
  watermarksOf,
  type ArchivedEvent,
  type CreationClaim,
  type ParsedEvent,
} from './restoration.ts';

/** A lot, and its last event before any gap. */
export interface LotOfSale extends ArchivedEvent {
  readonly lot: number;
  readonly auctionId: string;
  /** Where it is not the last event's: the latest end that it ever had, ISO 8601. */
  readonly latestEnd: string | null;
}

/** Everything about a sale that goes into Redis, besides its first answers. */
export interface RestoredSale {
  readonly auctionId: string;
  readonly status: SaleStatus;
  readonly fields: Readonly<Record<string, string | Buffer>>;
  /** Two fields for each bidder: `b:user` and `p:paddle`. */
  readonly bidders: readonly (readonly [field: string, value: string | Buffer])[];
  readonly claim: CreationClaim;
  /** When it ends, or has ended, ms since 1970. */
  readonly endsAt: number;
  readonly lastSeq: number;
}

type SaleEvent = ParsedEvent<BookEvent, BookFacts>;

interface Member {
  readonly paddle: number;
  status: string;
  limit: number;
}

interface KnownLot {
  readonly lot: number;
  readonly auctionId: string;
  readonly state: PublicEvent['state'];
  readonly secret: PrivateEvent;
}

export class SaleRestoration extends Restoration<BookEvent, BookFacts> {
  readonly #members = new Map<string, Member>();
  /** Commands with keys, and the event after which each was answered. */
  readonly #commands: { readonly event: SaleEvent; result: SaleEvent }[] = [];
  #first: SaleEvent | undefined;
  #terms: SaleTerms | undefined;
  #before: string | undefined;
  #pausedAt = 0;

  protected fold(event: SaleEvent): readonly FirstAnswer[] {
    const { shown, secret } = event;
    this.#first ??= event;
    this.#terms = secret.sale ?? this.#terms;
    this.#takeMember(event);
    if (shown.type === 'paused') {
      this.#before = this.last?.shown.status;
      this.#pausedAt = Date.parse(shown.at);
    }
    if (shown.status !== 'paused') {
      this.#before = undefined;
      this.#pausedAt = 0;
    }
    const answered = this.#commands.at(-1);
    // A lot that starts by the command starts the sale, in the same call.
    if (shown.type === 'started' && answered?.result === this.last) {
      if (answered !== undefined && answered.event.shown.at === shown.at) answered.result = event;
    }
    if (secret.key !== undefined && secret.key !== '') {
      this.#commands.push({ event, result: event });
    }
    // What they say of the end and of what is owed is known at the end only.
    return [];
  }

  /** @returns undefined when not even the first event was there */
  finish(
    archived: readonly LotOfSale[],
  ): { auction: RestoredSale; answers: readonly FirstAnswer[] } | undefined {
    const [first, last, terms] = [this.#first, this.last, this.#terms];
    if (first === undefined || last === undefined || terms === undefined) return undefined;
    const lots = archived.map(({ lot, auctionId, publicText, privateText }) => ({
      lot,
      auctionId,
      state: ownJson<PublicEvent>(publicText).state,
      secret: ownJson<PrivateEvent>(privateText),
    }));
    const ends = lots.map(({ state }, i) => Date.parse(archived[i]?.latestEnd ?? state.endsAt));
    const endsAt = Math.max(Date.parse(terms.firstLotEndsAt), ...ends);
    const owed = terms.registration === 'none' ? new Map<string, number>() : owedIn(lots);
    const { status, epoch, seq, at } = last.shown;
    const { userId = '', key = '', fingerprint = '' } = first.secret;
    const standing = packed(
      endsAt,
      terms.registration,
      epoch,
      seq,
      terms.defaultLimit ?? 0,
      lots.filter(({ state }) => !isOver(state.status)).length,
      this.#members.size,
      this.#pausedAt,
      Date.parse(at),
      status,
      this.#statusBefore(lots),
      terms.sellerId,
    );
    const auction: RestoredSale = {
      auctionId: this.id,
      // A sale is never cancelled.
      status: status as SaleStatus,
      fields: {
        standing,
        shown: `${epoch} ${seq} ${status}`,
        status,
        terms: JSON.stringify(terms),
        plan: planOf(terms),
        ...(lots.length > 0 && {
          lots: lots.map(({ lot, auctionId }) => `${lot}:${auctionId}`).join(','),
        }),
        endsAt: `${endsAt}`,
        runId: NO_SERVER,
        ...watermarksOf(last.shown),
      },
      bidders: Array.from(this.#members).flatMap(([user, member]) => [
        [`b:${user}`, packedMember(member, owed.get(user))],
        [`p:${member.paddle}`, user],
      ]),
      claim: { userId, key, fingerprint, at: Date.parse(first.shown.at) },
      endsAt: status === 'ended' ? Date.parse(at) : endsAt,
      lastSeq: seq,
    };
    const answers = this.#commands.map(({ event, result }) =>
      answered(event.secret, receiptOf(event, result, endsAt, owed)),
    );
    return { auction, answers };
  }

  #takeMember({ shown: { type }, secret }: SaleEvent): void {
    const { paddle, status = '', limit = 0 } = secret;
    const user = type === 'admitted' ? secret.bidder : secret.userId;
    if (paddle !== undefined && user !== undefined)
      this.#members.set(user, { paddle, status, limit });
  }

  /** A lot that was started while the sale is paused has started the sale. */
  #statusBefore(lots: readonly KnownLot[]): string {
    if (this.#before !== 'scheduled') return this.#before ?? '-';
    return lots.some(({ state }) => state.status === 'live') ? 'live' : 'scheduled';
  }
}

/** What bidders are committed to: own maxima where they lead, prices where they have won. */
function owedIn(lots: readonly KnownLot[]): Map<string, number> {
  const owed = new Map<string, number>();
  for (const { state, secret } of lots) {
    const { leaderId, leaderMax = 0 } = secret;
    const isOpen = state.status === 'live' || state.status === 'paused';
    if (leaderId === undefined || (!isOpen && state.outcome !== 'sold')) continue;
    owed.set(leaderId, (owed.get(leaderId) ?? 0) + (isOpen ? leaderMax : state.price));
  }
  return owed;
}

/** What all lots have in common, as the script reads it: times in ms, 0 for none. */
const planOf = (terms: SaleTerms): string =>
  [
    terms.currency,
    Date.parse(terms.firstLotEndsAt),
    terms.staggerSeconds * 1_000,
    terms.startsAt === undefined ? 0 : Date.parse(terms.startsAt),
    (terms.softClose?.windowSeconds ?? 0) * 1_000,
    (terms.softClose?.extendSeconds ?? 0) * 1_000,
    terms.graceSeconds * 1_000,
  ].join(' ');

const memberText = ({ paddle, status, limit }: Member, committed = 0): string =>
  `${paddle} ${status} ${limit} ${committed}`;

const packedMember = ({ paddle, status, limit }: Member, committed = 0): Buffer =>
  packed(paddle, limit, committed, status);

/** As decide.lua documents them; the end, and what is owed, are those of now. */
function receiptOf(
  { shown, secret }: SaleEvent,
  { shown: result }: SaleEvent,
  endsAt: number,
  owed: ReadonlyMap<string, number>,
): string {
  const { paddle = 0, status = '', limit = 0, bidder } = secret;
  const member = { paddle, status, limit };
  if (shown.type === 'registered') return memberText(member);
  if (shown.type === 'admitted') {
    return `${memberText(member, owed.get(bidder ?? ''))} ${bidder}`;
  }
  const { epoch, seq, at } = result;
  const end = secret.sale === undefined ? endsAt : Date.parse(secret.sale.firstLotEndsAt);
  return [epoch, seq, Date.parse(at), result.status, end].join(' ');
}
