import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { unreadNews } from '../state/notices.ts';
import { isolated } from '../format/isolated.ts';

interface PageHeadProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** A longer one is set smaller. */
const LONG_TITLE = 60;

let isFirstPage = true;

/**
 * The page's main heading. It names the tab, beside the number of unread notices, and takes the focus when the page is reached from
 * within the app, so that keyboards and screen readers start where the eyes do.
 */
export function PageHead({ title, children }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const unread = unreadNews.value;
  useEffect(() => {
    document.title = `${unread === 0 ? '' : `(${unread}) `}${isolated(title)} · Outcry`;
  }, [title, unread]);
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus({ preventScroll: true });
    isFirstPage = false;
  }, []);
  return (
    <header class="page-head stack tight">
      <h1 ref={heading} tabIndex={-1} dir="auto" class={title.length > LONG_TITLE ? 'long' : ''}>
        {title}
      </h1>
      {children}
    </header>
  );
}
