import type { ComponentChildren } from 'preact';
import { AlertIcon, CheckIcon } from './icons.tsx';

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
