import type { Notice } from '../state/command-sender.ts';
import { Button } from './button.tsx';
import { NoticeCard } from './notice-card.tsx';

/** What came of the last command. The region is always there, so that it is read out when it fills. */
export function NoticeText({ notice }: { readonly notice: Notice | null }) {
  return (
    <div class="notice-place" role="status" data-testid="notice">
      {notice !== null && (
        <NoticeCard tone={notice.tone} title={notice.title}>
          <p>{notice.advice}</p>
          {notice.retry !== undefined && (
            <Button look="quiet" onClick={() => void notice.retry?.()}>
              Try again
            </Button>
          )}
        </NoticeCard>
      )}
    </div>
  );
}
