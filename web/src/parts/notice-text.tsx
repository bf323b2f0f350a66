import type { ComponentChildren } from 'preact';
import type { Notice } from '../state/command-sender.ts';
import { Button } from './button.tsx';
import { AlertIcon, CheckIcon } from './icons.tsx';

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

interface NoticeCardProps {
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Something that went well or needs attention: what it is, and what to do about it. */
export function NoticeCard({ tone, title, children }: NoticeCardProps) {
  return (
    <div class={`notice notice-${tone}`}>
      {tone === 'good' ? <CheckIcon /> : <AlertIcon />}
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}
