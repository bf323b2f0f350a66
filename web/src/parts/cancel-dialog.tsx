import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Selling } from '../state/selling.ts';
import { Dialog, DialogButtons } from './dialog.tsx';
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
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void selling.cancel();
        }}
      >
        <p role="status">
          {isPossible
            ? 'It closes at once and for good. Nobody has bid yet, and you can offer the item again.'
            : 'Somebody has bid just now, so it can no longer be cancelled.'}
        </p>
        <NoticeText notice={selling.notice.value} />
        <DialogButtons
          label="Yes, cancel it"
          busyLabel="Cancelling …"
          busy={busy}
          isDanger
          isPossible={isPossible}
          leaveLabel="Keep it open"
          onLeave={onClose}
        />
      </form>
    </Dialog>
  );
}
