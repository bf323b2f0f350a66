import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Selling } from '../state/selling.ts';
import { Dialog } from './dialog.tsx';
import { NoticeText } from './notice-text.tsx';

interface CancelDialogProps {
  readonly auction: AuctionView;
  readonly selling: Selling;
  readonly onClose: () => void;
}

/** Asks once more, as there is no way back. */
export function CancelDialog({ auction, selling, onClose }: CancelDialogProps) {
  const busy = selling.sending.value !== null;
  const isPossible = auction.leader === null;
  return (
    <Dialog title="Cancel this auction?" onClose={onClose}>
      <p role="status">
        {isPossible
          ? 'It closes at once and for good. Nobody has bid yet, and you can offer the item again.'
          : 'Somebody has bid just now, so it can no longer be cancelled.'}
      </p>
      <NoticeText notice={selling.notice.value} />
      <div class="row">
        {isPossible && (
          <button
            type="button"
            class="button button-danger"
            disabled={busy}
            onClick={() => void selling.cancel()}
          >
            {busy ? 'Cancelling …' : 'Yes, cancel it'}
          </button>
        )}
        <button type="button" class="button" onClick={onClose}>
          Keep it open
        </button>
      </div>
    </Dialog>
  );
}
