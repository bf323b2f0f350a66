import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { readFailure } from '../format/refusals.ts';
import { Waiting } from '../parts/empty.tsx';

interface NotFoundProps {
  /** Null while it is being read. */
  readonly problem: Problem | null;
  readonly what: string;
}

/** What stands in for something that is not known, or not yet. */
export function NotFound({ problem, what }: NotFoundProps) {
  const isMissing = problem?.status === 404;
  return (
    <Waiting>
      {problem === null && 'Reading …'}
      {isMissing && `There is no ${what} with this id.`}
      {problem !== null && !isMissing && `${readFailure(problem)}. It is read again by itself.`}
    </Waiting>
  );
}
