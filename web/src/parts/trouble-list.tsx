import type { Trouble } from '../state/pipeline-troubles.ts';
import { NoticeCard } from './notice-card.tsx';

/** What is wrong and what it means, or that nothing is. */
export function TroubleList({ troubles }: { readonly troubles: readonly Trouble[] }) {
  return (
    <div role="status" class="troubles" data-testid="troubles">
      {troubles.length === 0 && <NoticeCard tone="good" title="Everything answers and keeps up." />}
      {troubles.map(({ title, meaning }) => (
        <NoticeCard key={title} tone="bad" title={title}>
          <p>{meaning}</p>
        </NoticeCard>
      ))}
    </div>
  );
}
