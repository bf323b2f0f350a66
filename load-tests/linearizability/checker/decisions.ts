/**
 * From commands to decisions: what was sent several times under one key is decided once, and all
 * its answers must show that.
 */
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import type { HistoryCommand, HistoryRequest } from '../history.ts';
import { comparable, outcomeOf } from './requests.ts';
import type { BrokenRule, Violation } from './violation.ts';

/** One command as the engine decides it, once, however often it was sent. */
export interface Decision {
  readonly userId: string;
  /** '' for a command without a key, which is a decision of its own. */
  readonly key: string;
  readonly request: HistoryRequest;
  readonly attempts: readonly HistoryCommand[];
  /** Its answers that tell the decision; all the same. Empty when nobody heard it. */
  readonly answered: readonly HistoryCommand[];
  /** It was not decided before this time … */
  readonly start: number;
  /** … and not after this one; Infinity when nobody heard. */
  readonly end: number;
}

export interface Decisions {
  readonly decisions: readonly Decision[];
  readonly violations: readonly Violation[];
}

/** @param commands of one auction, those that change something or try to */
export function decisionsOf(auctionId: string, commands: readonly HistoryCommand[]): Decisions {
  const decisions: Decision[] = [];
  const violations: Violation[] = [];
  const report: Report = (rule, message, involved) =>
    violations.push({ rule, auctionId, message, commands: involved });
  for (const [name, group] of groupBy(commands, nameOf)) {
    if (group[0]?.key === '') reportOddAnswers(group, report);
    else reportMismatches(group, report);
    const requests = [...groupBy(group, ({ request }) => JSON.stringify(request)).values()];
    const found = requests.flatMap((attempts) => decisionOf(attempts, report) ?? []);
    const told = found.filter(({ answered }) => answered.length > 0);
    if (told.length > 1) {
      const message = `different requests under the key of ${name} were both decided`;
      report(
        'mismatch-missing',
        message,
        told.flatMap(({ answered }) => answered),
      );
    }
    decisions.push(...found);
  }
  return { decisions, violations };
}

type Report = (rule: BrokenRule, message: string, involved: readonly HistoryCommand[]) => void;

const nameOf = ({ id, userId, key }: HistoryCommand): string =>
  key === '' ? `command ${id}` : `${userId}:${key}`;

const mayHaveRun = (command: HistoryCommand): boolean => {
  const outcome = outcomeOf(command);
  return outcome === 'unknown' || outcome === 'accepted' || outcome === 'refused';
};

function reportOddAnswers(group: readonly HistoryCommand[], report: Report): void {
  for (const command of group) {
    if (outcomeOf(command) === 'mismatch') {
      report('mismatch-unexplained', 'a command without a key has no other request', [command]);
    } else if (command.answer?.replayed === true) {
      report('replay-of-nothing', 'a command without a key cannot be a replay', [command]);
    }
  }
}

/** A mismatch needs another request under the key that came before it or at the same time. */
function reportMismatches(group: readonly HistoryCommand[], report: Report): void {
  for (const command of group) {
    if (outcomeOf(command) !== 'mismatch') continue;
    const own = JSON.stringify(command.request);
    const isReason = (other: HistoryCommand): boolean =>
      mayHaveRun(other) &&
      JSON.stringify(other.request) !== own &&
      other.start <= (command.end ?? Infinity);
    if (!group.some(isReason)) {
      report('mismatch-unexplained', 'no other request was sent under this key by then', [command]);
    }
  }
}

/** @param attempts of the same request, under the same key */
function decisionOf(attempts: readonly HistoryCommand[], report: Report): Decision | undefined {
  const [first] = attempts;
  if (first === undefined) return undefined;
  const answered = attempts.filter((each) => ['accepted', 'refused'].includes(outcomeOf(each)));
  const unknown = attempts.filter((each) => outcomeOf(each) === 'unknown');
  if (answered.length + unknown.length === 0) return undefined;
  reportDifferences(answered, report);
  const fresh = answered.filter(({ answer }) => answer?.replayed === false);
  if (fresh.length > 1) {
    report('replay-not-marked', 'several answers claim to be the first decision', fresh);
  }
  const deciders = fresh.length > 0 ? fresh : unknown;
  const start = Math.min(...deciders.map((each) => each.start));
  const ends = answered.map((each) => each.end ?? Infinity);
  for (const replay of answered) {
    if (replay.answer?.replayed !== true || start <= (replay.end ?? Infinity)) continue;
    report('replay-of-nothing', 'nothing that it could repeat was sent by then', [replay]);
  }
  return {
    userId: first.userId,
    key: first.key,
    request: first.request,
    attempts,
    answered,
    start,
    end: Math.min(...ends),
  };
}

function reportDifferences(answered: readonly HistoryCommand[], report: Report): void {
  const [first] = answered;
  if (first?.answer === undefined || first.answer === null) return;
  const expected = comparable(first.answer);
  const other = answered.find(({ answer }) => answer !== null && comparable(answer) !== expected);
  if (other === undefined) return;
  report('different-answers-for-key', 'one request got two different answers', [first, other]);
}
