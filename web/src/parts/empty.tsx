import type { ComponentChildren } from 'preact';

interface EmptyProps {
  /** Left out where the page's own heading says it. */
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** What stands where there is nothing yet: why, and what to do. */
export const Empty = ({ title, children }: EmptyProps) => (
  <section class="empty">
    {title !== undefined && <h2>{title}</h2>}
    {children}
  </section>
);

/** What stands where something is about to be: what is waited for. */
export const Waiting = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="muted" role="status">
    {children}
  </p>
);
