/** The checker: is this history one that a right auction engine can have? Pure. */
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import type { History, HistoryCommand, LoggedEvent } from '../history.ts';
import { checkLog } from './check-log.ts';
import { checkOrder, type Operation } from './check-order.ts';
import { decisionsOf } from './decisions.ts';
import { matchEvents } from './match-events.ts';
import {
  eventOperation,
  ownViewOperation,
  readOperation,
  refusalOperation,
  type Positions,
} from './operations.ts';
import { outcomeOf } from './requests.ts';
import { replayLog } from './replay-log.ts';
import type { Violation } from './violation.ts';

/** The creation was answered before the first command was sent. */
const CREATION_SEQ = 1;

/**
 * Every way in which the history is wrong, auction by auction. For each auction the log comes
 * first, then the rules, then answers against events, then real time: what is wrong at one level
 * makes the next ones meaningless, so only the first level with violations is reported.
 */
export function checkHistory(history: History): Violation[] {
  const commandsOf = groupBy(history.commands, ({ auctionId }) => auctionId);
  const eventsOf = groupBy(history.events, ({ auctionId }) => auctionId);
  const auctions = new Set([...commandsOf.keys(), ...eventsOf.keys()]);
  return [...auctions].flatMap((auctionId) =>
    checkAuction(auctionId, eventsOf.get(auctionId) ?? [], commandsOf.get(auctionId) ?? []),
  );
}

function checkAuction(
  auctionId: string,
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
): Violation[] {
  const inLog = checkLog(auctionId, events, commands);
  if (inLog.length > 0) return inLog;
  const { states, violations: byRules } = replayLog(auctionId, events, commands);
  if (byRules.length > 0) return [...byRules];

  const odd = commands
    .filter((command) => outcomeOf(command) === 'unexpected')
    .map((command): Violation => {
      const message = `an answer that is not in the contract: ${JSON.stringify(command.answer)}`;
      return { rule: 'unexpected-answer', auctionId, message, commands: [command] };
    });
  const { views, others } = withoutViews(commands);
  const { decisions, violations: byKey } = decisionsOf(auctionId, others);
  const matched = matchEvents(auctionId, events, states, decisions, commands);
  const inAnswers = [...odd, ...byKey, ...matched.violations];
  if (inAnswers.length > 0) return inAnswers;

  const positions: Positions = { events, states };
  const operations: Operation[] = [
    ...matched.asked.map(eventOperation),
    ...matched.refused.map((decision) => refusalOperation(decision, positions)),
    ...views.map((command) =>
      command.request.kind === 'read'
        ? readOperation(command, positions)
        : ownViewOperation(command, positions),
    ),
  ];
  return checkOrder(auctionId, operations, Math.min(CREATION_SEQ, events.length), events.length);
}

const isView = ({ request }: HistoryCommand): boolean =>
  request.kind === 'read' || request.kind === 'me';

/** Answered reads apart from the commands that change something or try to. */
function withoutViews(commands: readonly HistoryCommand[]): {
  views: HistoryCommand[];
  others: HistoryCommand[];
} {
  return {
    views: commands.filter((each) => isView(each) && outcomeOf(each) === 'accepted'),
    others: commands.filter((each) => !isView(each)),
  };
}
