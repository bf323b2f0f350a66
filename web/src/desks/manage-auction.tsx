import { useEffect, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { CancelDialog } from '../parts/cancel-dialog.tsx';
import { ExtendDialog } from '../parts/extend-dialog.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { PauseDialog } from '../parts/pause-dialog.tsx';
import type { Selling } from '../state/selling.ts';

interface ManageAuctionProps {
  readonly auction: AuctionView;
  readonly selling: Selling;
}

type Question = 'cancel' | 'extend' | 'pause';

/** What an admin may do with an open auction, as its seller may. */
export function ManageAuction({ auction, selling }: ManageAuctionProps) {
  const [asking, setAsking] = useState<Question | null>(null);
  const notice = selling.notice.value;
  const isOpen = !isOver(auction.status);
  const close = (): void => setAsking(null);
  const ask = (what: Question): void => {
    selling.notice.value = null;
    setAsking(what);
  };
  useEffect(() => {
    if (notice?.tone === 'good' || !isOpen) setAsking(null);
  }, [notice, isOpen]);
  return (
    <>
      {isOpen && (
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
      )}
      <NoticeText notice={asking === null ? notice : null} />
      {asking === 'extend' && <ExtendDialog auction={auction} selling={selling} onClose={close} />}
      {asking === 'pause' && <PauseDialog selling={selling} onClose={close} />}
      {asking === 'cancel' && <CancelDialog auction={auction} selling={selling} onClose={close} />}
    </>
  );
}
