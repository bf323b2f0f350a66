/** What happened in a history, in numbers: to see that a run met what it should meet. */
import { outcomeOf } from './checker/outcomes.ts';
import type { History } from './history.ts';

/** Counts by name; a name that did not occur is missing. */
export type Summary = Readonly<Record<string, number>>;

/**
 * Counts commands by outcome (refusals by code), replays, and events by type; `event extending`
 * counts bids that moved the end, `event <outcome>` auctions that ended so.
 */
export function summarize({ commands, events }: History): Summary {
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const command of commands) {
    const code = command.answer?.body['code'];
    count('commands');
    count(typeof code === 'string' ? code : outcomeOf(command));
    if (command.answer?.replayed === true) count('replayed');
  }
  const endsAt = new Map<string, string>();
  for (const event of events) {
    const { type, state } = event.public;
    count(`event ${type}`);
    if (state.outcome !== undefined) count(`event ${state.outcome}`);
    const before = endsAt.get(event.auctionId);
    if (type === 'bid' && before !== undefined && before !== state.endsAt) count('event extending');
    endsAt.set(event.auctionId, state.endsAt);
  }
  return counts;
}

export const addSummaries = (summaries: readonly Summary[]): Summary => {
  const sum: Record<string, number> = {};
  for (const [name, value] of summaries.flatMap((each) => Object.entries(each))) {
    sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
};

export const summaryText = (summary: Summary): string =>
  Object.entries(summary)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
