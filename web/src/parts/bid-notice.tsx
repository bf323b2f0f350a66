import type { BidNotice } from '../state/bidding.ts';
import { AlertIcon, CheckIcon } from './icons.tsx';

interface BidNoticeTextProps {
  readonly notice: BidNotice | null;
  readonly busy: boolean;
}

/** What came of the last bid. The region is always there, so that it is read out when it fills. */
export function BidNoticeText({ notice, busy }: BidNoticeTextProps) {
  return (
    <div role="status" data-testid="bid-notice">
      {notice !== null && (
        <div class={`notice notice-${notice.tone}`}>
          {notice.tone === 'good' ? <CheckIcon /> : <AlertIcon />}
          <div>
            <strong>{notice.title}</strong>
            <p>{notice.advice}</p>
            {notice.retry !== undefined && (
              <button
                type="button"
                class="button button-quiet"
                disabled={busy}
                onClick={() => void notice.retry?.()}
              >
                Try again
              </button>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
