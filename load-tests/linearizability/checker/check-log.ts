/** What must hold of a log whatever the clients did and whatever the rules of bidding are. */
import type { HistoryCommand, LoggedEvent } from '../history.ts';
import { commandsBehind, eventText, type BrokenRule, type Violation } from './violation.ts';

/**
 * Numbers without gaps, epochs in order, nothing after the end, a price that never falls within
 * an epoch, time that never goes back, aliases by order of first bid.
 * @param events of one auction, in the order of its log
 */
export function checkLog(
  auctionId: string,
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
): Violation[] {
  const violations: Violation[] = [];
  const aliases = new Map<string, number>();
  events.forEach((event, i) => {
    const found: [BrokenRule, string][] = [];
    const before = events[i - 1];
    const numbering = numberingFault(event, before, i + 1);
    if (numbering !== undefined) found.push(numbering);
    if (before !== undefined) found.push(...orderFaults(event, before));
    const aliasFault = aliasOrderFault(event, aliases);
    if (aliasFault !== undefined) found.push(['alias-order', aliasFault]);
    const involved = (): HistoryCommand[] =>
      [before, event].flatMap((each) => (each === undefined ? [] : commandsBehind(each, commands)));
    for (const [rule, message] of found) {
      violations.push({ rule, auctionId, message, commands: involved() });
    }
  });
  return violations;
}

function numberingFault(
  event: LoggedEvent,
  before: LoggedEvent | undefined,
  expected: number,
): [BrokenRule, string] | undefined {
  const { seq } = event.public;
  const last = before?.public.seq ?? 0;
  if (seq === last + 1) return undefined;
  // The log may start late or go wrong earlier: what counts is the step from one to the next.
  const rule = seq > last ? 'seq-gap' : 'seq-repeated';
  const after = before === undefined ? 'the log begins' : `${eventText(before)} is followed`;
  return [rule, `${after} with ${eventText(event)}; entry ${expected} of the log`];
}

function orderFaults(event: LoggedEvent, before: LoggedEvent): [BrokenRule, string][] {
  const found: [BrokenRule, string][] = [];
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

function aliasOrderFault(event: LoggedEvent, aliases: Map<string, number>): string | undefined {
  const { userId, alias } = event.private;
  if (alias === undefined || userId === undefined) return undefined;
  const expected = aliases.get(userId) ?? aliases.size + 1;
  aliases.set(userId, expected);
  const shown = event.public.bid?.alias ?? alias;
  if (alias === expected && shown === expected) return undefined;
  return `${eventText(event)} has alias ${alias}, shown as ${shown}; by order of first bid it is ${expected}`;
}
