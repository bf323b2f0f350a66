/**
 * Follows one sale with its lots: fed with the batches that the real script decided, it computes every
 * answer itself and names the first difference. What must be in the logs it keeps until the end.
 */
import {
  NO_LIMIT,
  type AuctionCommand,
  type DecidedBatch,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import type { Auction, Outage } from '@outcry/shared/domain/auction-rules.ts';
import {
  addLot,
  committed,
  decideOnLot,
  decideOnSale,
  newSale,
  passLotTime,
  passSaleTime,
  placeLot,
  standingOn,
  type LotStep,
  type Registration,
  type Sale,
  type SaleCommand,
  type SaleConditions,
  type SaleEvent,
  type SaleStep,
} from '@outcry/shared/domain/sale-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';
import {
  auctionReceipt,
  bidReceipt,
  createdAuction,
  expectSame,
  KnownAnswers,
  ownReceipt,
  ruleCommand,
  type LogEnd,
} from './expected-answers.ts';
import { passedEvents, sorted, type ExpectedEvent } from './expected-events.ts';

/** What a sale's log or a lot's must hold in the end. */
class ExpectedLog {
  /** An event each, as {@link sorted} JSON: of a sale with its private part. */
  readonly events: string[] = [];
  readonly answers = new KnownAnswers();

  get end(): LogEnd {
    return { epoch: 1, seq: this.events.length };
  }

  push(now: number, event: object): void {
    const at = new Date(now).toISOString();
    this.events.push(sorted({ epoch: 1, seq: this.events.length + 1, at, ...event }));
  }
}

interface Lot {
  readonly log: ExpectedLog;
  /** Of its absentee bids. */
  readonly book: ExpectedLog;
  hasOpenBook: boolean;
  /** Its number; 0 until it is created. */
  number: number;
  /** What each bidder could owe for it at most when a bidder was removed, by the number of that event. */
  readonly mostAtRemoval: Map<number, ReadonlyMap<string, number>>;
}

export class ModelSale {
  readonly #saleId: string;
  readonly #outage: Outage | undefined;
  /** The conditions that each creation or edit of the sale stands for, by fingerprint. */
  readonly #conditions: ReadonlyMap<string, SaleConditions>;
  readonly #log = new ExpectedLog();
  readonly #lots = new Map<string, Lot>();
  #sale: Sale | undefined;

  constructor(
    saleId: string,
    conditions: ReadonlyMap<string, SaleConditions>,
    outage: Outage | undefined,
  ) {
    this.#saleId = saleId;
    this.#conditions = conditions;
    this.#outage = outage;
  }

  get sale(): Sale {
    if (this.#sale === undefined) throw new Error('the sale was not created yet');
    return this.#sale;
  }

  /** False until a creation was accepted. */
  get exists(): boolean {
    return this.#sale !== undefined;
  }

  /** The id of the lot with this number. */
  auctionId(number: number): string | undefined {
    return [...this.#lots].find(([, lot]) => lot.number === number)?.[0];
  }

  /** What each log must hold, by id. */
  get logs(): ReadonlyMap<string, readonly string[]> {
    const lots = [...this.#lots].flatMap(([id, { log, book }]) => [
      [id, log.events] as const,
      [id.replace('a', 'b'), book.events] as const,
    ]);
    return new Map([[this.#saleId, this.#log.events], ...lots]);
  }

  /**
   * Takes over one batch that the script decided, of the sale or of a lot.
   * @throws Disagreement naming what the script said and what the model expected
   */
  follow(id: string, commands: readonly AuctionCommand[], batch: DecidedBatch): void {
    if (id === this.#saleId) this.#followSale(commands, batch);
    else this.#followLot(id, commands, batch);
  }

  #followSale(commands: readonly AuctionCommand[], { now, answers }: DecidedBatch): void {
    if (this.exists) this.#take(passSaleTime(this.sale, now), now);
    // The commands of a call share the terms that one of them brings along.
    const brought = commands.find(({ creation }) => creation !== undefined)?.creation?.itemText;
    commands.forEach((command, i) => {
      const expected = this.#log.answers.answer(
        command,
        () => this.#decideOnSale(command, now, brought),
        () => this.exists,
      );
      expectSame(`answer to ${JSON.stringify(command)} at ${now}`, answers[i], expected);
    });
  }

  #decideOnSale(command: AuctionCommand, now: number, brought: string | undefined): string {
    const { kind, userId } = command;
    if (kind === 'create') {
      const created = newSale(this.#conditionsOf(command), now);
      if (typeof created === 'string') return `${created} `;
      this.#sale = created;
      this.#log.push(now, { type: 'scheduled', status: 'scheduled', private: { userId } });
      return this.#receipt(now);
    }
    if (kind === 'read') return this.#receipt(now);
    if (kind === 'me') return `OK ${this.#registration(userId)}`;
    const decided = decideOnSale(this.sale, this.#saleCommand(command), now, this.#outage);
    // The refusals that come before it say nothing of the terms.
    const isOthers = kind === 'edit' && brought !== command.fingerprint;
    const isRefused = !decided.accepted && !NEW_TERMS_REFUSALS.has(decided.code);
    if (isOthers && !isRefused) return 'SALE_CHANGED ';
    if (!decided.accepted) return `${decided.code} `;
    this.#take(decided, now, command);
    switch (kind) {
      case 'register':
        return `OK ${this.#registration(userId)}`;
      case 'approve':
      case 'refuse':
      case 'block': {
        const bidder = this.#bidderOf(command.amount);
        return `OK ${this.#registration(bidder)} ${bidder}`;
      }
      default:
        return this.#receipt(now);
    }
  }

  #followLot(
    id: string,
    commands: readonly AuctionCommand[],
    { now, answers }: DecidedBatch,
  ): void {
    const lot = this.#lots.get(id) ?? {
      log: new ExpectedLog(),
      book: new ExpectedLog(),
      hasOpenBook: false,
      number: 0,
      mostAtRemoval: new Map(),
    };
    this.#lots.set(id, lot);
    if (lot.number > 0) this.#take(passLotTime(this.sale, lot.number, now, this.#outage), now);
    commands.forEach((command, i) => {
      const expected = lot.log.answers.answer(
        command,
        () => this.#decideOnLot(lot, command, now, answers[i] ?? ''),
        () => lot.number > 0,
      );
      expectSame(`answer to ${JSON.stringify(command)} at ${now}`, answers[i], expected);
    });
  }

  #decideOnLot(lot: Lot, command: AuctionCommand, now: number, given: string): string {
    const { kind, userId } = command;
    if (kind === 'create') return this.#create(lot, command, now);
    if (kind === 'me') return ownReceipt(this.#auction(lot), userId);
    if (kind !== 'read') {
      if (kind === 'remove') this.#noteMost(lot);
      const decided = decideOnLot(this.sale, lot.number, ruleCommand(command), now);
      if (!decided.accepted) {
        return `${decided.code} ${decided.minimumBid ?? decided.available ?? ''}`;
      }
      this.#take(decided, now, command);
      if (kind === 'withdraw') {
        lot.book.push(now, { type: 'withdrawn', status: 'scheduled', private: { userId } });
        return ownReceipt(this.#auction(lot), userId);
      }
      if (kind === 'bid' && this.#auction(lot).status === 'scheduled') {
        const bidId = given.split(' ')[1];
        const facts = { userId, bidId, maxAmount: command.maxAmount };
        lot.book.push(now, { type: 'left', status: 'scheduled', private: facts });
        lot.hasOpenBook = true;
      }
      if (kind === 'resume') this.#take(passLotTime(this.sale, lot.number, now, this.#outage), now);
    }
    const auction = this.#auction(lot);
    return kind === 'bid' || kind === 'buy'
      ? bidReceipt(lot.log.end, now, auction, userId, given)
      : auctionReceipt(lot.log.end, now, auction);
  }

  #create(lot: Lot, command: AuctionCommand, now: number): string {
    const creation = ownJson<Creation>(command.creation?.creationText ?? '{}');
    const { lot: number = 0, currency, sellerId, softWindowMs, softExtendMs, graceMs } = creation;
    this.#take(passSaleTime(this.sale, now), now);
    const asked = { lot: number, currency, sellerId, softWindowMs, softExtendMs, graceMs };
    const place = placeLot(this.sale, asked);
    if (typeof place === 'string') return `${place} `;
    const startsAt = creation.startsAt || place.startsAt;
    const endsAt = creation.endsAt || (creation.durationMs > 0 ? 0 : place.endsAt);
    const created = createdAuction({ ...creation, startsAt, endsAt }, now);
    if (typeof created === 'string') return `${created} `;
    lot.number = number;
    lot.log.push(now, { type: 'scheduled', state: publicState(created) });
    this.#take(addLot(this.sale, number, created, now), now);
    return auctionReceipt(lot.log.end, now, this.#auction(lot));
  }

  /** Takes over what happened, and what must be in the logs of it. */
  #take(steps: SaleStep, now: number, command?: AuctionCommand): void {
    this.#sale = steps.sale;
    for (const event of steps.events) this.#log.push(now, saleEvent(event, command));
    for (const { lot, ...step } of steps.lots) {
      const found = this.#lots.get(this.auctionId(lot) ?? '');
      if (found === undefined) throw new Error(`there is no lot ${lot}`);
      for (const event of lotEvents(step, command)) found.log.push(now, event);
      const isClosed = step.events.some(({ type }) => type === 'started' || type === 'cancelled');
      if (isClosed && found.hasOpenBook) {
        found.hasOpenBook = false;
        found.book.push(now, { type: 'closed', status: 'ended', private: {} });
      }
    }
  }

  #conditionsOf({ fingerprint }: AuctionCommand): SaleConditions {
    const conditions = this.#conditions.get(fingerprint);
    if (conditions === undefined) throw new Error(`no conditions are known for ${fingerprint}`);
    return conditions;
  }

  #saleCommand(command: AuctionCommand): SaleCommand {
    const { kind, userId, admin, amount: paddle, maxAmount } = command;
    switch (kind) {
      case 'edit':
        return { kind, userId, admin, conditions: this.#conditionsOf(command) };
      case 'register':
        return { kind, userId };
      case 'approve':
      case 'refuse':
      case 'block': {
        const limit = maxAmount === NO_LIMIT ? 0 : maxAmount;
        return { kind, userId, admin, paddle, ...(maxAmount === 0 ? {} : { limit }) };
      }
      case 'pause':
      case 'resume':
        return { kind, userId, admin };
      default:
        throw new Error(`${kind} is no command of a sale's`);
    }
  }

  #receipt(now: number): string {
    const { epoch, seq } = this.#log.end;
    return `OK ${epoch} ${seq} ${now} ${this.sale.status} ${this.sale.endsAt}`;
  }

  #registration(userId: string): string {
    const registration = this.sale.registrations.get(userId);
    if (registration === undefined) return '0 - 0 0';
    const { paddle, status, limit } = registration;
    return `${paddle} ${status} ${limit} ${committed(this.sale, userId)}`;
  }

  #bidderOf(paddle: number): string {
    const all = [...this.sale.registrations];
    return all.find(([, registration]) => registration.paddle === paddle)?.[0] ?? '';
  }

  #noteMost(lot: Lot): void {
    const bidders = [...this.#auction(lot).bidders.keys()];
    const most = bidders.map(
      (user) => [user, standingOn(this.sale, lot.number, user).most] as const,
    );
    lot.mostAtRemoval.set(lot.log.end.seq + 1, new Map(most));
  }

  /** What a bidder could owe for a lot at most when, with the lot's event of this number, one was removed. */
  mostAtRemoval(id: string, seq: number, userId: string): number {
    return this.#lots.get(id)?.mostAtRemoval.get(seq)?.get(userId) ?? Infinity;
  }

  #auction({ number }: Lot): Auction {
    const auction = this.sale.lots.get(number);
    if (auction === undefined) throw new Error(`there is no lot ${number}`);
    return auction;
  }

  /** What a bidder may owe for a lot; 0 without a limit. */
  mostOn(lot: number, userId: string): number {
    const { most } = standingOn(this.sale, lot, userId);
    return most === Infinity ? 0 : most;
  }

  registrationOf(paddle: number): (Registration & { committed: number }) | undefined {
    const bidder = this.#bidderOf(paddle);
    const registration = this.sale.registrations.get(bidder);
    return registration && { ...registration, committed: committed(this.sale, bidder) };
  }
}

const NEW_TERMS_REFUSALS = new Set(['SALE_HAS_LOTS', 'END_NOT_AFTER_START', 'END_TOO_LATE']);

const whyOf = (command: AuctionCommand | undefined): { reason?: string } =>
  command?.reason === undefined ? {} : { reason: command.reason };

/** An event of a sale's, with those private facts that are not its command's own. */
function saleEvent(event: SaleEvent, command: AuctionCommand | undefined): object {
  const { type, status, bidder, registration } = event;
  const isCommanded = type !== 'started' && type !== 'ended';
  const facts = isCommanded && command !== undefined ? { userId: command.userId } : {};
  const decided = type === 'admitted' ? { bidder } : {};
  const why = type === 'paused' || type === 'resumed' ? whyOf(command) : {};
  return { type, status, ...why, private: { ...facts, ...decided, ...registration } };
}

/** Beside what was commanded there may be what time has done, which has no reason or its own. */
const MANAGED: ReadonlySet<string> = new Set(['paused', 'resumed', 'removed', 'cancelled']);

function lotEvents(
  step: Pick<LotStep, 'events' | 'states'>,
  command: AuctionCommand | undefined,
): ExpectedEvent[] {
  const withReason = (event: ExpectedEvent): ExpectedEvent => ({ ...event, ...whyOf(command) });
  return passedEvents(step).map((event) => (MANAGED.has(event.type) ? withReason(event) : event));
}
