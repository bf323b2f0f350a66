import { useEffect, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Room } from '../state/room.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { ExtendDialog } from './extend-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { NoticeText } from './notice-text.tsx';

interface SellerPanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

type Question = 'cancel' | 'extend' | 'pause';

/** What the seller sees in place of the bidding: how it goes, and what can still be changed. */
export function SellerPanel({ auction, room }: SellerPanelProps) {
  const [asking, setAsking] = useState<Question | null>(null);
  const { selling } = room;
  const notice = selling.notice.value;
  const close = (): void => setAsking(null);
  const ask = (what: Question): void => {
    selling.notice.value = null;
    setAsking(what);
  };
  useEffect(() => {
    if (notice?.tone === 'good') setAsking(null);
  }, [notice]);
  return (
    <section class="stack" aria-label="Your auction">
      <p class="aside">
        <strong>This is your auction.</strong> {hintText(auction)}
      </p>
      <div class="row">
        <button type="button" class="button" onClick={() => ask('extend')}>
          Extend
        </button>
        {auction.status === 'paused' ? (
          <button
            type="button"
            class="button button-primary"
            disabled={selling.sending.value !== null}
            onClick={() => void selling.resume()}
          >
            Resume
          </button>
        ) : (
          <button type="button" class="button" onClick={() => ask('pause')}>
            Pause
          </button>
        )}
        {auction.leader === null && (
          <button type="button" class="button" onClick={() => ask('cancel')}>
            Cancel the auction
          </button>
        )}
      </div>
      <NoticeText notice={asking === null ? notice : null} />
      {asking === 'extend' && <ExtendDialog auction={auction} selling={selling} onClose={close} />}
      {asking === 'pause' && <PauseDialog selling={selling} onClose={close} />}
      {asking === 'cancel' && <CancelDialog auction={auction} selling={selling} onClose={close} />}
    </section>
  );
}

function hintText({ status, leader }: AuctionView): string {
  if (status === 'paused') return 'It is paused. Nobody can bid until you resume it.';
  if (status === 'scheduled') return 'It opens by itself. Until its first bid you can cancel it.';
  return leader === null
    ? 'Until the first bid you can cancel it. You cannot bid yourself.'
    : 'There are bids, so it can no longer be cancelled. You can still give it more time.';
}
