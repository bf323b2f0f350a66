import { useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { momentText } from '../format/time.ts';
import { slowClock } from '../state/clock.ts';
import type { Selling } from '../state/selling.ts';
import { ActionDialog } from './dialog.tsx';
import { Segments } from './form.tsx';

const CHOICES: readonly (readonly [seconds: number, label: string])[] = [
  [300, '5 min'],
  [900, '15 min'],
  [3_600, '1 hour'],
  [86_400, '1 day'],
];

interface ExtendDialogProps {
  readonly auction: AuctionView;
  readonly selling: Selling;
  readonly onClose: () => void;
}

/** By how much the end moves, and which moment that is. */
export function ExtendDialog({ auction, selling, onClose }: ExtendDialogProps) {
  const [addedSeconds, setAddedSeconds] = useState(300);
  const now = slowClock.value;
  const endsAtMs = Date.parse(auction.endsAt);
  // Counted from the end as it is shown: a late bid moves both.
  const newEndMs = endsAtMs + addedSeconds * 1_000;
  return (
    <ActionDialog
      title="Give it more time"
      action="Extend"
      busyAction="Extending …"
      look="primary"
      sender={selling}
      onAct={() => selling.extend(newEndMs)}
      onClose={onClose}
    >
      <p class="muted">Bidders see the new end at once. An end can move later, never back.</p>
      <Segments
        label="How much more time"
        class="segments-four"
        value={addedSeconds}
        choices={CHOICES}
        onValue={setAddedSeconds}
      />
      <dl class="pairs">
        <div>
          <dt>Present end</dt>
          <dd>{momentText(endsAtMs, now)}</dd>
        </div>
        <div>
          <dt>New end</dt>
          <dd data-testid="new-end">{momentText(newEndMs, now)}</dd>
        </div>
      </dl>
    </ActionDialog>
  );
}
