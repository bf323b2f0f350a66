import type { ComponentChildren } from 'preact';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { readFailure } from '../format/refusals.ts';

interface FailureBannerProps {
  /** Null while reading works. */
  readonly problem: Problem | null;
  /** What that means for the reader. */
  readonly children: ComponentChildren;
}

/** Says that something cannot be read. The region is always there, so that it is read out when it fills. */
export function FailureBanner({ problem, children }: FailureBannerProps) {
  return (
    <div role="status">
      {problem !== null && (
        <p class="banner">
          <strong>{readFailure(problem)}.</strong> {children}
        </p>
      )}
    </div>
  );
}
