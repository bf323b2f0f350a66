import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { readFailure } from '../format/refusals.ts';

interface NotFoundProps {
  /** Null while it is being read. */
  readonly problem: Problem | null;
  readonly what: string;
}

/** What stands in for something that is not known, or not yet. */
export function NotFound({ problem, what }: NotFoundProps) {
  const isMissing = problem?.status === 404;
  return (
    <p class="muted" role="status">
      {problem === null && 'Reading …'}
      {isMissing && `There is no ${what} with this id.`}
      {problem !== null && !isMissing && `${readFailure(problem)}. It is read again by itself.`}
    </p>
  );
}
