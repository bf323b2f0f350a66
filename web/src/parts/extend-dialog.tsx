import { useId, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { momentText } from '../format/time.ts';
import { slowClock } from '../state/clock.ts';
import type { Selling } from '../state/selling.ts';
import { Dialog, DialogButtons } from './dialog.tsx';
import { NoticeText } from './notice-text.tsx';

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
  const name = useId();
  const busy = selling.sending.value !== null;
  const now = slowClock.value;
  const endsAtMs = Date.parse(auction.endsAt);
  // Counted from the end as it is shown: a late bid moves both.
  const newEndMs = endsAtMs + addedSeconds * 1_000;
  return (
    <Dialog title="Give it more time" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void selling.extend(newEndMs);
        }}
      >
        <p class="muted">Bidders see the new end at once. An end can move later, never back.</p>
        <fieldset class="segments segments-four">
          <legend class="unseen">How much more time</legend>
          {CHOICES.map(([seconds, label]) => (
            <label key={seconds} class="segment">
              <input
                type="radio"
                name={name}
                checked={seconds === addedSeconds}
                onChange={() => setAddedSeconds(seconds)}
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
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
        <NoticeText notice={selling.notice.value} />
        <DialogButtons label="Extend" busyLabel="Extending …" busy={busy} onLeave={onClose} />
      </form>
    </Dialog>
  );
}
