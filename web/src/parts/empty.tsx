import type { ComponentChildren } from 'preact';

interface EmptyProps {
  /** Left out where the page's own heading says it. */
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** What stands where there is nothing yet: why, and what to do. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <section class="empty">
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}
