import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { readFailure } from '../format/refusals.ts';
import { Waiting } from '../parts/empty.tsx';
import { Panel } from '../parts/panel.tsx';

interface NotFoundProps {
  /** Null while it is being read. */
  readonly problem: Problem | null;
  /** What was sought. */
  readonly what: 'Auction' | 'Bid' | 'Sale' | 'User';
}

/** What is said of something that is not known, or not yet. */
export function NotFoundText({ problem, what }: NotFoundProps) {
  if (problem === null) return <Waiting>Reading …</Waiting>;
  const isMissing = problem.status === 404;
  return (
    <Waiting>
      {isMissing
        ? `There is no ${what.toLowerCase()} with this id.`
        : `${readFailure(problem)}. It is read again by itself.`}
    </Waiting>
  );
}

/** The same in the place of what will be shown of it. */
export const NotFound = (props: NotFoundProps) => (
  <Panel title={props.what} class="desk-first">
    <NotFoundText {...props} />
  </Panel>
);
