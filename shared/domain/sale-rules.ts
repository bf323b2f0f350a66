/**
 * The rules of a sale: several auctions, its lots, under common conditions, for which bidders register
 * and in which each may owe so much at most. Pure functions, the reference for the Redis script as
 * auction-rules.ts is for one auction. Amounts are minor units, times milliseconds; 0 means none.
 */
import {
  decide,
  passTime,
  type Auction,
  type AuctionTerms,
  type Command,
  type Decision,
  type Outage,
  type RuleEvent,
  type Standing,
} from './auction-rules.ts';
import type { RefusalCode } from './refusals.ts';

/** No sale has more lots. */
export const MAX_LOTS = 500;
/** Nor more registrations. */
export const MAX_REGISTRATIONS = 20_000;
/** No sale's first lot ends later than so long after the sale is created or edited. */
const MAX_SPAN_MS = 366 * 24 * 60 * 60 * 1000;

/** What the seller fixed for all lots. */
export interface SaleConditions {
  readonly sellerId: string;
  readonly title: string;
  readonly description: string;
  readonly currency: string;
  readonly startsAt: number;
  readonly firstLotEndsAt: number;
  readonly staggerMs: number;
  readonly registration: 'none' | 'open' | 'approval';
  readonly defaultLimit: number;
  readonly softWindowMs: number;
  readonly softExtendMs: number;
  readonly graceMs: number;
}

/** What cannot change once there are lots. */
const FIXED_WITH_LOTS = [
  'currency',
  'startsAt',
  'firstLotEndsAt',
  'staggerMs',
  'softWindowMs',
  'softExtendMs',
  'graceMs',
] as const satisfies readonly (keyof SaleConditions)[];

/** A bidder's admission. */
export interface Registration {
  /** Counts from 1 by order of registration. */
  readonly paddle: number;
  readonly status: 'pending' | 'approved' | 'refused' | 'blocked';
  /** What the bidder may owe in the sale at most. */
  readonly limit: number;
}

/** Everything the rules need to know of a sale. */
export interface Sale {
  readonly conditions: SaleConditions;
  readonly status: 'scheduled' | 'live' | 'paused' | 'ended';
  /** While paused: what it was before, and since when. */
  readonly before?: 'scheduled' | 'live';
  readonly pausedAt?: number;
  /** The latest that any lot was ever to end, and no earlier than the first lot is to. */
  readonly endsAt: number;
  /** By number. */
  readonly lots: ReadonlyMap<number, Auction>;
  /** By user. */
  readonly registrations: ReadonlyMap<string, Registration>;
}

/** A command on the sale itself. */
export type SaleCommand =
  | {
      readonly kind: 'edit';
      readonly userId: string;
      readonly admin: boolean;
      readonly conditions: SaleConditions;
    }
  | { readonly kind: 'register'; readonly userId: string }
  | {
      readonly kind: 'approve' | 'refuse' | 'block';
      readonly userId: string;
      readonly admin: boolean;
      readonly paddle: number;
      /** 0 for none; without it the limit stays. */
      readonly limit?: number;
    }
  | { readonly kind: 'pause' | 'resume'; readonly userId: string; readonly admin: boolean };

/** What a new lot must have from its sale. */
export interface NewLot extends Pick<
  AuctionTerms,
  'sellerId' | 'softWindowMs' | 'softExtendMs' | 'graceMs'
> {
  readonly lot: number;
  readonly currency: string;
}

/** When a lot starts and ends that says nothing else. */
export interface LotTimes {
  readonly startsAt: number;
  readonly endsAt: number;
}

/** An event of the sale's own log, without its number and epoch. */
export interface SaleEvent {
  readonly type: 'edited' | 'registered' | 'admitted' | 'paused' | 'resumed' | 'started' | 'ended';
  /** The sale's, after it. */
  readonly status: Sale['status'];
  /** `registered`, `admitted`: whose, and what it is now. */
  readonly bidder?: string;
  readonly registration?: Registration;
}

/** What happened to a lot: events in order, and the auction after each. */
export interface LotStep {
  readonly lot: number;
  readonly before: Auction;
  readonly after: Auction;
  readonly events: readonly RuleEvent[];
  readonly states: readonly Auction[];
}

/** What a command or the passing of time made of a sale. */
export interface SaleStep {
  readonly sale: Sale;
  readonly events: readonly SaleEvent[];
  /** In the order in which it happened to them. */
  readonly lots: readonly LotStep[];
}

export type SaleDecision =
  | ({ readonly accepted: true } & SaleStep)
  | Extract<Decision, { accepted: false }>;

/** A new sale, or why there is none. */
export function newSale(conditions: SaleConditions, now: number): Sale | RefusalCode {
  return (
    endRefusal(conditions, now) ?? {
      conditions,
      status: 'scheduled',
      endsAt: conditions.firstLotEndsAt,
      lots: new Map(),
      registrations: new Map(),
    }
  );
}

function endRefusal(conditions: SaleConditions, now: number): RefusalCode | undefined {
  const { startsAt, firstLotEndsAt } = conditions;
  if (firstLotEndsAt <= Math.max(now, startsAt)) return 'END_NOT_AFTER_START';
  return firstLotEndsAt > now + MAX_SPAN_MS ? 'END_TOO_LATE' : undefined;
}

/** What a bidder owes: own maxima on lots led, and prices of lots won. */
export function committed(sale: Sale, userId: string): number {
  if (sale.conditions.registration === 'none') return 0;
  return [...sale.lots.values()].reduce((sum, lot) => sum + owed(lot, userId), 0);
}

function owed(lot: Auction, userId: string): number {
  if (lot.leader !== userId) return 0;
  if (lot.status === 'ended') return lot.outcome === 'sold' ? lot.price : 0;
  return lot.leaderMax;
}

const ADMISSION_REFUSALS = {
  approved: {},
  pending: { refusal: 'REGISTRATION_PENDING' },
  refused: { refusal: 'BIDDER_BLOCKED' },
  blocked: { refusal: 'BIDDER_BLOCKED' },
} as const satisfies Record<Registration['status'], Pick<Standing, 'refusal'>>;

/** Where a bidder stands who would bid on a lot. */
export function standingOn(sale: Sale, lot: number, userId: string): Standing {
  const free = { most: Infinity, available: Infinity };
  if (sale.conditions.registration === 'none') return free;
  const registration = sale.registrations.get(userId);
  if (registration === undefined) return { ...free, refusal: 'NOT_REGISTERED' };
  const { status, limit } = registration;
  const refusal = ADMISSION_REFUSALS[status];
  if (limit === 0) return { ...free, ...refusal };
  const available = limit - committed(sale, userId);
  const auction = sale.lots.get(lot);
  const here = auction === undefined ? 0 : owed(auction, userId);
  return { ...refusal, most: available + here, available: Math.max(0, available) };
}

/** A sale of which nothing was ever auctioned is over when its last lot would have been. */
export function passSaleTime(sale: Sale, now: number): SaleStep {
  const isOver = sale.status === 'scheduled' && openLots(sale) === 0 && now >= sale.endsAt;
  return isOver ? ended(sale) : unchanged(sale);
}

/** {@link passTime} of one lot, and what that does to the sale. */
export function passLotTime(
  sale: Sale,
  lot: number,
  now: number,
  outage?: Outage,
  isVisit = false,
): SaleStep {
  const before = sale.lots.get(lot);
  if (before === undefined) return unchanged(sale);
  const { auction, events, states } = passTime(before, now, outage, isVisit, (userId) =>
    standingOn(sale, lot, userId),
  );
  return withLot(sale, { lot, before, after: auction, events, states });
}

/** Decides one command on a lot, for which {@link passLotTime} was already asked at `now`. */
export function decideOnLot(sale: Sale, lot: number, command: Command, now: number): SaleDecision {
  const before = sale.lots.get(lot);
  if (before === undefined) return refused('AUCTION_NOT_FOUND');
  const decision = decide(before, command, now, (userId) => standingOn(sale, lot, userId));
  if (!decision.accepted) return decision;
  const { auction: after, event } = decision;
  const seen =
    event === undefined ? { events: [], states: [] } : { events: [event], states: [after] };
  return accepted(withLot(sale, { lot, before, after, ...seen }));
}

/** Finds a new lot its place, or why there is none. {@link passSaleTime} was already asked. */
export function placeLot(sale: Sale, asked: NewLot): LotTimes | RefusalCode {
  const { conditions, status, lots } = sale;
  if (asked.sellerId !== conditions.sellerId) return 'NOT_SELLER';
  if (status === 'ended') return 'SALE_ENDED';
  if (status === 'paused') return 'SALE_PAUSED';
  if (lots.has(asked.lot)) return 'LOT_TAKEN';
  if (lots.size >= MAX_LOTS) return 'SALE_FULL';
  // The sale was edited after the seller looked at it.
  if (SAME_IN_LOTS.some((name) => asked[name] !== conditions[name])) return 'SALE_CHANGED';
  const { startsAt, firstLotEndsAt, staggerMs } = conditions;
  return { startsAt, endsAt: firstLotEndsAt + (asked.lot - 1) * staggerMs };
}

const SAME_IN_LOTS = ['currency', 'softWindowMs', 'softExtendMs', 'graceMs'] as const;

/** Adds a lot for which {@link placeLot} found a place. @param auction as no time has passed for it yet */
export function addLot(sale: Sale, lot: number, auction: Auction, now: number): SaleStep {
  const joined = withLot(sale, { lot, before: auction, after: auction, events: [], states: [] });
  return followedBy(joined, (next) => passLotTime(next, lot, now));
}

/** Decides one command on a sale for which {@link passSaleTime} was already asked at `now`. */
export function decideOnSale(
  sale: Sale,
  command: SaleCommand,
  now: number,
  outage?: Outage,
): SaleDecision {
  switch (command.kind) {
    case 'register':
      return decideRegistration(sale, command.userId);
    case 'edit':
      return decideEdit(sale, command, now);
    case 'pause':
    case 'resume': {
      const refusal = managingRefusal(sale, command);
      if (refusal !== undefined) return refused(refusal);
      return command.kind === 'pause' ? pause(sale, now, outage) : resume(sale, now, outage);
    }
    default:
      return decideAdmission(sale, command);
  }
}

function managingRefusal(
  sale: Sale,
  command: { userId: string; admin: boolean },
): RefusalCode | undefined {
  if (sale.status === 'ended') return 'SALE_ENDED';
  const mayManage = command.admin || command.userId === sale.conditions.sellerId;
  return mayManage ? undefined : 'NOT_SELLER';
}

function decideEdit(
  sale: Sale,
  command: Extract<SaleCommand, { kind: 'edit' }>,
  now: number,
): SaleDecision {
  const { conditions } = command;
  const refusal =
    managingRefusal(sale, command) ?? (sale.status === 'scheduled' ? undefined : 'SALE_STARTED');
  if (refusal !== undefined) return refused(refusal);
  if (sale.lots.size > 0) {
    const isSame = FIXED_WITH_LOTS.every((name) => conditions[name] === sale.conditions[name]);
    if (!isSame) return refused('SALE_HAS_LOTS');
    return accepted(told({ ...sale, conditions }, { type: 'edited' }));
  }
  const unusable = endRefusal(conditions, now);
  if (unusable !== undefined) return refused(unusable);
  const endsAt = conditions.firstLotEndsAt;
  return accepted(told({ ...sale, conditions, endsAt }, { type: 'edited' }));
}

function decideRegistration(sale: Sale, bidder: string): SaleDecision {
  const { sellerId, registration: kind, defaultLimit } = sale.conditions;
  if (sale.status === 'ended') return refused('SALE_ENDED');
  if (bidder === sellerId) return refused('SELLER_CANNOT_BID');
  if (kind === 'none') return refused('NO_REGISTRATION');
  if (sale.registrations.has(bidder)) return accepted(unchanged(sale));
  if (sale.registrations.size >= MAX_REGISTRATIONS) return refused('SALE_FULL');
  const registration: Registration = {
    paddle: sale.registrations.size + 1,
    status: kind === 'open' ? 'approved' : 'pending',
    limit: defaultLimit,
  };
  return accepted(withRegistration(sale, 'registered', bidder, registration));
}

const STATUS_AFTER = { approve: 'approved', refuse: 'refused', block: 'blocked' } as const;

function decideAdmission(
  sale: Sale,
  command: Extract<SaleCommand, { paddle: number }>,
): SaleDecision {
  const refusal = managingRefusal(sale, command);
  if (refusal !== undefined) return refused(refusal);
  const known = [...sale.registrations].find(([, { paddle }]) => paddle === command.paddle);
  if (known === undefined) return refused('REGISTRATION_NOT_FOUND');
  const [bidder, before] = known;
  const limit = command.limit ?? before.limit;
  if (limit > 0 && limit < committed(sale, bidder)) return refused('LIMIT_BELOW_COMMITTED');
  const after = { ...before, status: STATUS_AFTER[command.kind], limit };
  return accepted(withRegistration(sale, 'admitted', bidder, after));
}

/** All lots that bids could come to are paused, in one instant. */
function pause(sale: Sale, now: number, outage: Outage | undefined): SaleDecision {
  const { status } = sale;
  if (status === 'paused' || status === 'ended') return refused('ALREADY_PAUSED');
  const paused: Sale = { ...sale, status: 'paused', before: status, pausedAt: now };
  return accepted(
    onEveryLot(told(paused, { type: 'paused' }), now, outage, (auction) =>
      auction.status === 'scheduled' || auction.status === 'live' ? 'pause' : undefined,
    ),
  );
}

/** Lots go on that were paused with the sale or later; one that was paused before stays so. */
function resume(sale: Sale, now: number, outage: Outage | undefined): SaleDecision {
  const { before, pausedAt, ...rest } = sale;
  if (before === undefined || pausedAt === undefined) return refused('NOT_PAUSED');
  return accepted(
    onEveryLot(told({ ...rest, status: before }, { type: 'resumed' }), now, outage, (auction) =>
      auction.pausedAt !== undefined && auction.pausedAt >= pausedAt ? 'resume' : undefined,
    ),
  );
}

/** Time passes for each lot, by rising number; then the seller's command comes to it, if there is one. */
function onEveryLot(
  step: SaleStep,
  now: number,
  outage: Outage | undefined,
  commandFor: (auction: Auction) => 'pause' | 'resume' | undefined,
): SaleStep {
  const { sellerId } = step.sale.conditions;
  const numbers = [...step.sale.lots.keys()].toSorted((a, b) => a - b);
  return numbers.reduce((before, lot) => {
    const visited = followedBy(before, (sale) => passLotTime(sale, lot, now, outage));
    const auction = visited.sale.lots.get(lot);
    const kind = auction && commandFor(auction);
    if (kind === undefined) return visited;
    const managed = followedBy(visited, (sale) => {
      const decision = decideOnLot(sale, lot, { kind, userId: sellerId, admin: true }, now);
      return decision.accepted ? decision : unchanged(sale);
    });
    return followedBy(managed, (sale) => passLotTime(sale, lot, now, outage));
  }, step);
}

const isOver = ({ status }: Auction): boolean => status === 'ended' || status === 'cancelled';

const openLots = (sale: Sale): number =>
  [...sale.lots.values()].filter((lot) => !isOver(lot)).length;

/** What becomes of a sale with its lot: the first that starts begins it, the last that is over ends it. */
function withLot(sale: Sale, step: LotStep): SaleStep {
  const { lot, before, after, events } = step;
  const lots = new Map(sale.lots).set(lot, after);
  const endsAt = Math.max(sale.endsAt, after.endsAt);
  const joined = { ...unchanged({ ...sale, lots, endsAt }), lots: events.length > 0 ? [step] : [] };
  const hasStarted = events.some(({ type }) => type === 'started');
  const begun = followedBy(joined, hasStarted ? begin : unchanged);
  const isOneLess = !isOver(before) && isOver(after);
  return followedBy(begun, isOneLess ? endAfterLast : unchanged);
}

/** A lot may start in the instant of a pause, or after it was resumed alone. */
function begin(sale: Sale): SaleStep {
  if (sale.status === 'scheduled') return told({ ...sale, status: 'live' }, { type: 'started' });
  if (sale.before === 'scheduled') return told({ ...sale, before: 'live' }, { type: 'started' });
  return unchanged(sale);
}

function endAfterLast(sale: Sale): SaleStep {
  const hasBeenLive = sale.status === 'live' || sale.before === 'live';
  return hasBeenLive && openLots(sale) === 0 ? ended(sale) : unchanged(sale);
}

function withRegistration(
  sale: Sale,
  type: 'registered' | 'admitted',
  bidder: string,
  registration: Registration,
): SaleStep {
  const registrations = new Map(sale.registrations).set(bidder, registration);
  return told({ ...sale, registrations }, { type, bidder, registration });
}

function ended(sale: Sale): SaleStep {
  const { before: _before, pausedAt: _pausedAt, ...rest } = sale;
  return told({ ...rest, status: 'ended' }, { type: 'ended' });
}

const unchanged = (sale: Sale): SaleStep => ({ sale, events: [], lots: [] });

/** The sale as it is after one event of its own. */
const told = (sale: Sale, event: Omit<SaleEvent, 'status'>): SaleStep => ({
  sale,
  events: [{ ...event, status: sale.status }],
  lots: [],
});

/** One step and the next. */
function followedBy(step: SaleStep, next: (sale: Sale) => SaleStep): SaleStep {
  const { sale, events, lots } = next(step.sale);
  return { sale, events: [...step.events, ...events], lots: [...step.lots, ...lots] };
}

const accepted = (step: SaleStep): SaleDecision => ({ accepted: true, ...step });

const refused = (code: RefusalCode): SaleDecision => ({ accepted: false, code });
