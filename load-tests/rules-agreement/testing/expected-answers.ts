/** What the script must answer, made of what the model decided. */
import type { AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { stateRecord } from '@outcry/shared/contracts/records.ts';
import {
  minimumBid,
  scheduledAuction,
  type Auction,
  type Command,
} from '@outcry/shared/domain/auction-rules.ts';
import { incrementsOf, publicState } from '@outcry/shared/testing/event-lines.ts';

/** Where the script and the model differ. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

export function expectSame(what: string, fromScript: unknown, fromModel: unknown): void {
  if (fromScript === fromModel) return;
  throw new Disagreement(
    `${what}: the script says ${String(fromScript)}, the model ${String(fromModel)}`,
  );
}

/** The first answers to commands with keys. */
export class KnownAnswers {
  readonly #answers = new Map<string, { fingerprint: string; answer: string }>();

  /**
   * The whole answer to a command.
   * @param decide decides it, when it was not answered before
   * @param isKept whether there is, then, anything to keep the answer with
   */
  answer(command: AuctionCommand, decide: () => string, isKept: () => boolean): string {
    const field = `${command.userId}:${command.key}`;
    const known = command.key === '' ? undefined : this.#answers.get(field);
    if (known !== undefined) {
      return known.fingerprint === command.fingerprint
        ? `=${known.answer}`
        : '+IDEMPOTENCY_MISMATCH ';
    }
    const answer = decide();
    const isRead = command.kind === 'me' || command.kind === 'read';
    if (command.key !== '' && !isRead && isKept()) {
      this.#answers.set(field, { fingerprint: command.fingerprint, answer });
    }
    return `+${answer}`;
  }
}

/** Where an answer's events stand in their log. */
export interface LogEnd {
  readonly epoch: number;
  readonly seq: number;
}

export const auctionReceipt = ({ epoch, seq }: LogEnd, now: number, auction: Auction): string =>
  `OK ${epoch} ${seq} ${now} ${stateRecord(publicState(auction))}`;

/** @param given the script's answer: the gateway has chosen the bid's id */
export function bidReceipt(
  { epoch, seq }: LogEnd,
  now: number,
  after: Auction,
  userId: string,
  given: string,
): string {
  const alias = after.bidders.get(userId)?.alias ?? 0;
  const result =
    after.status === 'scheduled' ? 'scheduled' : after.leader === userId ? 'leading' : 'outbid';
  const bidId = given.split(' ')[1] ?? '';
  const numbers = [alias, after.price, minimumBid(after) ?? '-', after.endsAt, now].join(' ');
  return `OK ${bidId} ${epoch} ${seq} ${result} ${numbers}`;
}

/** A user's own view of an auction. */
export function ownReceipt(auction: Auction, userId: string): string {
  const bidder = auction.bidders.get(userId);
  if (bidder === undefined) {
    const left = auction.absentees.find((bid) => bid.userId === userId);
    return `OK 0 0 ${left?.maxAmount ?? 0} 0`;
  }
  const leading = auction.leader === userId ? 1 : 0;
  return `OK ${bidder.alias} ${leading} ${bidder.maximum} ${bidder.bids}`;
}

const DEFAULT_HARD_END_AFTER_MS = 24 * 60 * 60 * 1000;
const MAX_SPAN_MS = 366 * 24 * 60 * 60 * 1000;

/** A new auction before any time has passed, or the code of its refusal. */
export function createdAuction(creation: Creation, now: number): Auction | string {
  const startsAt = Math.max(creation.startsAt, now);
  const endsAt = creation.endsAt > 0 ? creation.endsAt : startsAt + creation.durationMs;
  if (endsAt <= startsAt) return 'END_NOT_AFTER_START';
  const latest = now + MAX_SPAN_MS;
  if (endsAt > latest) return 'END_TOO_LATE';
  const hardEndsAt =
    creation.hardEndsAt > 0
      ? creation.hardEndsAt
      : Math.min(endsAt + DEFAULT_HARD_END_AFTER_MS, latest);
  if (hardEndsAt > latest) return 'HARD_END_TOO_LATE';
  if (hardEndsAt < endsAt) return 'HARD_END_BEFORE_END';
  const increments = incrementsOf(creation.increments);
  return scheduledAuction({ ...creation, increments, startsAt, hardEndsAt }, endsAt);
}

/** A command on an auction as the rules take it. */
export function ruleCommand(command: AuctionCommand): Command {
  const { userId, admin, amount, maxAmount } = command;
  switch (command.kind) {
    case 'bid':
      return amount > 0 ? { kind: 'bid', userId, amount } : { kind: 'bid', userId, maxAmount };
    case 'buy':
    case 'withdraw':
      return { kind: command.kind, userId };
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
