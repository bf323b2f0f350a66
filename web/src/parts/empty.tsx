import type { ComponentChildren } from 'preact';

interface EmptyProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** What stands where there is nothing yet: why, and what to do. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
