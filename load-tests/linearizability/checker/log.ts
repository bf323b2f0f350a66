/**
 * What must hold of a log whatever the clients did; and played again with the reference rules, every
 * event must be what they decide.
 */
import { decide, passTime, scheduledAuction } from '@outcry/shared/domain/auction-rules.ts';
import type { Auction } from '@outcry/shared/domain/auction-rules.ts';
import { incrementsOf, publicState } from '@outcry/shared/testing/event-lines.ts';
import { commandsBehind, eventText, requestOf, ruleCommand } from '../history.ts';
import type { BrokenRule, HistoryCommand, LoggedEvent, Report } from '../history.ts';

/**
 * Numbers without gaps, epochs in order, nothing after the end, a price that never falls within
 * an epoch, time that never goes back, aliases by order of first bid.
 * @param events of one auction, in the order of its log
 */
export function checkLog(
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
  report: Report,
): void {
  const aliases = new Map<string, number>();
  events.forEach((event, i) => {
    const before = events[i - 1];
    const found = [
      ...numberingFaults(event, before),
      ...(before === undefined ? [] : orderFaults(event, before)),
      ...aliasFaults(event, aliases),
    ];
    for (const [rule, message] of found) {
      const both = before === undefined ? [event] : [before, event];
      report(
        rule,
        message,
        both.flatMap((each) => commandsBehind(each, commands)),
      );
    }
  });
}

type Faults = [BrokenRule, string][];

/** The log may start late or go wrong earlier: what counts is the step from one to the next. */
function numberingFaults(event: LoggedEvent, before: LoggedEvent | undefined): Faults {
  const { seq } = event.public;
  const last = before?.public.seq ?? 0;
  if (seq === last + 1) return [];
  const after = before === undefined ? 'the log begins' : `${eventText(before)} is followed`;
  return [[seq > last ? 'seq-gap' : 'seq-repeated', `${after} with ${eventText(event)}`]];
}

function orderFaults(event: LoggedEvent, before: LoggedEvent): Faults {
  const found: Faults = [];
  const [now, then] = [event.public, before.public];
  const inOrder =
    now.type === 'epoch'
      ? now.epoch > then.epoch && now.parent === then.epoch
      : now.epoch === then.epoch;
  if (!inOrder) {
    found.push(['epoch-order', `epoch ${then.epoch} is followed by ${eventText(event)}`]);
  }
  if (then.state.status === 'ended' || then.state.status === 'cancelled') {
    found.push(['event-after-end', `${eventText(event)} follows ${eventText(before)}`]);
  }
  if (Date.parse(now.at) < Date.parse(then.at)) {
    found.push(['time-went-back', `${eventText(event)} is of ${now.at}, after ${then.at}`]);
  }
  if (now.epoch === then.epoch && now.state.price < then.state.price) {
    const prices = `from ${then.state.price} to ${now.state.price}`;
    found.push(['price-fell', `the price falls ${prices} at ${eventText(event)}`]);
  }
  return found;
}

function aliasFaults(event: LoggedEvent, aliases: Map<string, number>): Faults {
  const { userId, alias } = event.private;
  if (alias === undefined || userId === undefined) return [];
  const expected = aliases.get(userId) ?? aliases.size + 1;
  aliases.set(userId, expected);
  const shown = event.public.bid?.alias ?? alias;
  if (alias === expected && shown === expected) return [];
  const has = `${eventText(event)} has alias ${alias}, shown as ${shown}`;
  return [['alias-order', `${has}; by order of first bid it is ${expected}`]];
}

/**
 * @param events of one auction, numbered without gaps
 * @returns the auction after each event, index 0 after seq 1; it ends before the first wrong one,
 *   because nothing can be said of events that build on that
 */
export function replayLog(
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
  report: Report,
): Auction[] {
  const states: Auction[] = [];
  for (const event of events) {
    try {
      const next = play(states.at(-1), event);
      compare(event, next);
      states.push(next);
    } catch (error) {
      if (!(error instanceof WrongEvent)) throw error;
      report(error.rule, error.message, commandsBehind(event, commands));
      break;
    }
  }
  return states;
}

class WrongEvent extends Error {
  override readonly name = 'WrongEvent';
  readonly rule: BrokenRule;

  constructor(event: LoggedEvent, fault: string, rule: BrokenRule = 'not-by-the-rules') {
    super(`${eventText(event)} ${fault}`);
    this.rule = rule;
  }
}

/** The auction after an event. */
function play(before: Auction | undefined, event: LoggedEvent): Auction {
  const { type } = event.public;
  if (before === undefined) {
    if (type === 'scheduled') return created(event);
    throw new WrongEvent(event, 'is the first one, but not the creation');
  }
  if (type === 'epoch') {
    const { fork } = event.private;
    if (fork === event.public.seq - 1) return before;
    throw new WrongEvent(event, `says that it follows event ${String(fork)}`);
  }
  const now = Date.parse(event.public.at);
  const passed = passTime(before, now);
  const due = passed.events[0]?.type;
  if (type === 'started' || type === 'ended') {
    if (due !== type) throw new WrongEvent(event, `at ${event.public.at} is not due by the rules`);
    return type === 'started' ? { ...before, status: 'live' } : passed.auction;
  }
  if (due !== undefined) throw new WrongEvent(event, `comes where "${due}" was due`);
  return decided(before, event, now);
}

function decided(before: Auction, event: LoggedEvent, now: number): Auction {
  const { userId } = event.private;
  const request = requestOf(event);
  const command = userId && request && ruleCommand(userId, request);
  if (!command) throw new WrongEvent(event, 'names no command');
  const decision = decide(before, command, now);
  if (!decision.accepted) {
    throw new WrongEvent(event, `of ${JSON.stringify(command)} is ${decision.code} by the rules`);
  }
  const { type, bid } = event.public;
  const written = JSON.stringify([type, bid?.alias, bid?.amount]);
  const right = decision.event;
  const expected = JSON.stringify([right?.type, right?.bid?.alias, right?.bid?.amount]);
  if (written !== expected) {
    throw new WrongEvent(event, `shows ${written}; by the rules it is ${expected}`);
  }
  return decision.auction;
}

function created(event: LoggedEvent): Auction {
  const { creation, startsAt, endsAt, hardEndsAt } = event.private;
  const known = creation !== undefined && startsAt !== undefined && endsAt !== undefined;
  if (!known || hardEndsAt === undefined) throw new WrongEvent(event, 'does not say the terms');
  const increments = incrementsOf(creation.increments);
  return scheduledAuction({ ...creation, increments, startsAt, hardEndsAt }, endsAt);
}

/** Holds what the event says of the auction after it against what the rules say. */
function compare(event: LoggedEvent, auction: Auction): void {
  const expected: Record<string, unknown> = { ...publicState(auction) };
  const written: Record<string, unknown> = { ...event.public.state };
  for (const name of new Set([...Object.keys(expected), ...Object.keys(written)])) {
    if (expected[name] === written[name]) continue;
    const difference = `${JSON.stringify(written[name])}; by the rules ${JSON.stringify(expected[name])}`;
    const rule = name === 'leader' ? 'wrong-leader' : 'not-by-the-rules';
    throw new WrongEvent(event, `has ${name} ${difference}`, rule);
  }
  const { leaderId, leaderMax, alias, userId } = event.private;
  if (leaderId !== auction.leader) {
    const names = `${leaderId ?? 'nobody'}; by the rules ${auction.leader ?? 'nobody'}`;
    throw new WrongEvent(event, `has the leader ${names}`, 'wrong-leader');
  }
  if ((leaderMax ?? 0) !== auction.leaderMax) {
    throw new WrongEvent(event, `has leaderMax ${leaderMax}; by the rules ${auction.leaderMax}`);
  }
  if (alias !== undefined && alias !== auction.bidders.get(userId ?? '')?.alias) {
    throw new WrongEvent(event, `has alias ${alias} for ${userId ?? 'nobody'}`);
  }
}
