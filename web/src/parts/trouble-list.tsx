import type { Trouble } from '../state/pipeline-troubles.ts';
import { AlertIcon, CheckIcon } from './icons.tsx';

/** What is wrong and what it means, or that nothing is. */
export function TroubleList({ troubles }: { readonly troubles: readonly Trouble[] }) {
  return (
    <div role="status" class="troubles" data-testid="troubles">
      {troubles.length === 0 && (
        <p class="notice notice-good">
          <CheckIcon /> Everything answers and keeps up.
        </p>
      )}
      {troubles.map(({ title, meaning }) => (
        <div key={title} class="notice notice-bad">
          <AlertIcon />
          <div>
            <strong>{title}</strong>
            <p>{meaning}</p>
          </div>
        </div>
      ))}
    </div>
  );
}
