/**
 * Follows one auction with the reference model: fed with the batches that the real script decided,
 * it computes every answer, event and state itself and names the first difference.
 */
import type { AuctionCommand, DecidedBatch } from '@outcry/api-gateway/bidding/auction-commands.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  eventLines,
  incrementsOf,
  isOver,
  splitEventLine,
} from '@outcry/shared/contracts/events.ts';
import type { Creation, PublicEvent, PublicState } from '@outcry/shared/contracts/events.ts';
import { stateRecord } from '@outcry/shared/contracts/records.ts';
import {
  decide,
  minimumBid,
  passTime,
  scheduledAuction,
} from '@outcry/shared/domain/auction-rules.ts';
import type { Auction, Command, Outage, RuleEvent } from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';

/** The rules under test; a test plants wrong ones to see that differences are found. */
export interface Rules {
  readonly decide: typeof decide;
  readonly passTime: typeof passTime;
}

export const REFERENCE_RULES: Rules = { decide, passTime };

const DEFAULT_HARD_END_AFTER_MS = 24 * 60 * 60 * 1000;
const MAX_SPAN_MS = 366 * 24 * 60 * 60 * 1000;

/** Where the script and the model differ. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

interface Numbered extends Omit<RuleEvent, 'reason'> {
  readonly reason?: string;
  readonly state: PublicState;
}

interface NewEpoch {
  readonly type: 'epoch';
  readonly parent: number;
}

export class ModelAuction {
  readonly #rules: Rules;
  readonly #outage: Outage | undefined;
  readonly #answers = new Map<string, { fingerprint: string; answer: string }>();
  #auction: Auction | undefined;
  #epoch = 0;
  #seq = 0;
  #lastAt = 0;
  /** Events expected in this batch, in order. */
  #expected: (Numbered | NewEpoch | 'scheduled')[] = [];

  constructor(rules: Rules = REFERENCE_RULES, outage?: Outage) {
    this.#rules = rules;
    this.#outage = outage;
  }

  /** The auction as the model sees it now. */
  get auction(): Auction {
    if (this.#auction === undefined) throw new Error('the auction was not created yet');
    return this.#auction;
  }

  /** False until a creation was accepted. */
  get exists(): boolean {
    return this.#auction !== undefined;
  }

  /**
   * Takes over one batch the script decided.
   * @param restarted true when Redis was restarted since the last batch
   * @throws Disagreement naming what the script said and what the model expected
   */
  follow(commands: readonly AuctionCommand[], batch: DecidedBatch, restarted = false): void {
    const { now } = batch;
    if (now < this.#lastAt) throw new Disagreement(`time went back to ${now}`);
    this.#expected = [];
    if (this.#auction !== undefined) {
      if (restarted && !isOver(this.auction.status)) {
        const parent = this.#epoch;
        this.#epoch = Math.max(parent + 1, Math.floor(now / 1000));
        this.#expected.push({ type: 'epoch', parent });
      }
      this.#passTime(now);
    }
    commands.forEach((command, i) => {
      const expected = this.#answer(command, now, batch.answers[i] ?? '');
      expectSame(`answer to ${JSON.stringify(command)} at ${now}`, batch.answers[i], expected);
    });
    this.#compareEvents(batch);
    if (this.#expected.length > 0) this.#lastAt = now;
  }

  #passTime(now: number): void {
    const { auction, events } = this.#rules.passTime(this.auction, now, this.#outage);
    const { outcome: _notYet, ...open } = auction;
    // Only the last event of a pass carries the final state.
    for (const event of events) {
      const endsAt = event.type === 'started' ? this.auction.endsAt : auction.endsAt;
      const between: Auction =
        event.type === 'ended' ? auction : { ...open, status: 'live', endsAt };
      this.#expected.push({ ...event, state: publicState(between) });
    }
    this.#auction = auction;
  }

  #answer(command: AuctionCommand, now: number, given: string): string {
    const field = `${command.userId}:${command.key}`;
    const known = command.key === '' ? undefined : this.#answers.get(field);
    if (known !== undefined) {
      return known.fingerprint === command.fingerprint
        ? `=${known.answer}`
        : '+IDEMPOTENCY_MISMATCH ';
    }
    const answer = this.#decide(command, now, given);
    const isRead = command.kind === 'me' || command.kind === 'read';
    if (command.key !== '' && !isRead && this.exists) {
      this.#answers.set(field, { fingerprint: command.fingerprint, answer });
    }
    return `+${answer}`;
  }

  #decide(command: AuctionCommand, now: number, given: string): string {
    if (command.kind === 'create') return this.#create(command, now);
    if (command.kind === 'me') return `OK ${this.#own(command.userId)}`;
    if (command.kind === 'read') return this.#auctionReceipt(now);
    const decision = this.#rules.decide(this.auction, ruleCommand(command), now);
    if (!decision.accepted) return `${decision.code} ${decision.minimumBid ?? ''}`;
    this.#auction = decision.auction;
    const { reason } = command;
    const why = reason === undefined ? {} : { reason };
    this.#expected.push({ ...decision.event, ...why, state: publicState(this.auction) });
    if (command.kind === 'resume') this.#passTime(now);
    if (command.kind !== 'bid' && command.kind !== 'buy') return this.#auctionReceipt(now);
    const after = this.auction;
    const alias = after.bidders.get(command.userId)?.alias ?? 0;
    const result = after.leader === command.userId ? 'leading' : 'outbid';
    const bidId = given.split(' ')[1] ?? ''; // chosen by the gateway
    const numbers = [alias, after.price, minimumBid(after) ?? '-', after.endsAt, now].join(' ');
    return `OK ${bidId} ${this.#epoch} ${this.#seq + this.#expected.length} ${result} ${numbers}`;
  }

  #create(command: AuctionCommand, now: number): string {
    const creation = ownJson<Creation>(command.creation?.creationText ?? '{}');
    const startsAt = Math.max(creation.startsAt, now);
    const endsAt = creation.endsAt > 0 ? creation.endsAt : startsAt + creation.durationMs;
    if (endsAt <= startsAt) return 'END_NOT_AFTER_START ';
    const latest = now + MAX_SPAN_MS;
    if (endsAt > latest) return 'END_TOO_LATE ';
    const hardEndsAt =
      creation.hardEndsAt > 0
        ? creation.hardEndsAt
        : Math.min(endsAt + DEFAULT_HARD_END_AFTER_MS, latest);
    if (hardEndsAt > latest) return 'HARD_END_TOO_LATE ';
    if (hardEndsAt < endsAt) return 'HARD_END_BEFORE_END ';
    const increments = incrementsOf(creation.increments);
    this.#epoch = 1;
    this.#auction = scheduledAuction({ ...creation, increments, startsAt, hardEndsAt }, endsAt);
    this.#expected.push('scheduled');
    this.#passTime(now);
    return this.#auctionReceipt(now);
  }

  #auctionReceipt(now: number): string {
    const seq = this.#seq + this.#expected.length;
    return `OK ${this.#epoch} ${seq} ${now} ${stateRecord(publicState(this.auction))}`;
  }

  #own(userId: string): string {
    const bidder = this.auction.bidders.get(userId);
    if (bidder === undefined) return '0 0 0 0';
    const leading = this.auction.leader === userId ? 1 : 0;
    return `${bidder.alias} ${leading} ${bidder.maximum} ${bidder.bids}`;
  }

  #compareEvents(batch: DecidedBatch): void {
    const texts = batch.entry === undefined ? [] : eventLines(batch.entry.lines());
    const events = texts.map((line) => ownJson<PublicEvent>(splitEventLine(line).publicText));
    expectSame('number of events', events.length, this.#expected.length);
    events.forEach((event, i) => {
      const expected = this.#expected[i];
      this.#seq += 1;
      const common = { epoch: this.#epoch, seq: this.#seq, at: new Date(batch.now).toISOString() };
      const whole =
        typeof expected === 'string'
          ? { ...common, type: expected, state: event.state }
          : { state: event.state, ...common, ...expected };
      expectSame(`event ${this.#seq}`, sorted(event), sorted(whole));
    });
    if (batch.entry === undefined) return;
    expectSame('first seq of the entry', batch.entry.firstSeq, this.#seq - events.length + 1);
    expectSame('last seq of the entry', batch.entry.lastSeq, this.#seq);
    const last = events.at(-1);
    expectSame(
      'state after the batch',
      JSON.stringify(last?.state),
      JSON.stringify(publicState(this.auction)),
    );
  }
}

function expectSame(what: string, fromScript: unknown, fromModel: unknown): void {
  if (fromScript === fromModel) return;
  throw new Disagreement(
    `${what}: the script says ${String(fromScript)}, the model ${String(fromModel)}`,
  );
}

/** JSON with members in alphabetic order, so that only the content is compared. */
const sorted = (value: object): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );

function ruleCommand(command: AuctionCommand): Command {
  const { userId, admin, amount, maxAmount } = command;
  switch (command.kind) {
    case 'bid':
      return amount > 0 ? { kind: 'bid', userId, amount } : { kind: 'bid', userId, maxAmount };
    case 'buy':
      return { kind: 'buy', userId };
    case 'cancel':
      return { kind: 'cancel', userId, admin };
    case 'extend':
      return { kind: 'extend', userId, admin, endsAt: amount };
    case 'pause':
    case 'resume':
      return { kind: command.kind, userId, admin };
    case 'remove':
      return { kind: 'remove', userId, alias: amount };
    default:
      throw new Error(`${command.kind} is not a rule's command`);
  }
}
