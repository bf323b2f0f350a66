import type { Notice } from '../state/command-sender.ts';
import { AlertIcon, CheckIcon } from './icons.tsx';

interface NoticeTextProps {
  readonly notice: Notice | null;
  readonly busy: boolean;
}

/** What came of the last command. The region is always there, so that it is read out when it fills. */
export function NoticeText({ notice, busy }: NoticeTextProps) {
  return (
    <div class="notice-place" role="status" data-testid="notice">
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
