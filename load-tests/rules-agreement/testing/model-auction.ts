/**
 * Follows one auction with the reference model: fed with the batches that the real script decided,
 * it computes every answer, event and state itself and names the first difference.
 */
import type { AuctionCommand, DecidedBatch } from '@outcry/api-gateway/bidding/auction-commands.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, isOver, splitEventLine } from '@outcry/shared/contracts/events.ts';
import type { Creation, PublicEvent } from '@outcry/shared/contracts/events.ts';
import {
  decide,
  passTime,
  type Auction,
  type Outage,
} from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';
import {
  auctionReceipt,
  bidReceipt,
  createdAuction,
  Disagreement,
  expectSame,
  KnownAnswers,
  ownReceipt,
  ruleCommand,
} from './expected-answers.ts';
import { passedEvents, sorted, type ExpectedEvent } from './expected-events.ts';

/** The rules under test; a test plants wrong ones to see that differences are found. */
export interface Rules {
  readonly decide: typeof decide;
  readonly passTime: typeof passTime;
}

export const REFERENCE_RULES: Rules = { decide, passTime };

interface NewEpoch {
  readonly type: 'epoch';
  readonly parent: number;
}

export class ModelAuction {
  readonly #rules: Rules;
  readonly #outage: Outage | undefined;
  readonly #answers = new KnownAnswers();
  #auction: Auction | undefined;
  #epoch = 0;
  #seq = 0;
  #lastAt = 0;
  /** Events expected in this batch, in order. */
  #expected: (ExpectedEvent | NewEpoch | 'scheduled')[] = [];

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
      const given = batch.answers[i];
      const expected = this.#answers.answer(
        command,
        () => this.#decide(command, now, given ?? ''),
        () => this.exists,
      );
      expectSame(`answer to ${JSON.stringify(command)} at ${now}`, given, expected);
    });
    this.#compareEvents(batch);
    if (this.#expected.length > 0) this.#lastAt = now;
  }

  /** Where the events so far end. */
  get #end() {
    return { epoch: this.#epoch, seq: this.#seq + this.#expected.length };
  }

  #passTime(now: number): void {
    const passed = this.#rules.passTime(this.auction, now, this.#outage);
    this.#expected.push(...passedEvents(passed));
    this.#auction = passed.auction;
  }

  #decide(command: AuctionCommand, now: number, given: string): string {
    const { kind, userId, reason } = command;
    if (kind === 'create') return this.#create(command, now);
    if (kind === 'me') return ownReceipt(this.auction, userId);
    if (kind === 'read') return auctionReceipt(this.#end, now, this.auction);
    const decision = this.#rules.decide(this.auction, ruleCommand(command), now);
    if (!decision.accepted) return `${decision.code} ${decision.minimumBid ?? ''}`;
    this.#auction = decision.auction;
    const why = reason === undefined ? {} : { reason };
    if (decision.event !== undefined) {
      this.#expected.push({ ...decision.event, ...why, state: publicState(this.auction) });
    }
    if (kind === 'withdraw') return ownReceipt(this.auction, userId);
    if (kind === 'resume') this.#passTime(now);
    return kind === 'bid' || kind === 'buy'
      ? bidReceipt(this.#end, now, this.auction, userId, given)
      : auctionReceipt(this.#end, now, this.auction);
  }

  #create(command: AuctionCommand, now: number): string {
    const creation = ownJson<Creation>(command.creation?.creationText ?? '{}');
    const created = createdAuction(creation, now);
    if (typeof created === 'string') return `${created} `;
    this.#epoch = 1;
    this.#auction = created;
    this.#expected.push('scheduled');
    this.#passTime(now);
    return auctionReceipt(this.#end, now, this.auction);
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
