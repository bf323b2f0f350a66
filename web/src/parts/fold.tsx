import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface FoldProps {
  readonly title: string;
  /** Whether it is open at first; from then on the user opens and closes it. */
  readonly isOpen?: boolean;
  /** There is something in it to be seen now. */
  readonly isWanted?: boolean;
  readonly children: ComponentChildren;
}

/** What most people do not need, behind its title. */
export function Fold({ title, isOpen = false, isWanted = false, children }: FoldProps) {
  const [open, setOpen] = useState(isOpen);
  return (
    <details
      class="fold"
      open={open || isWanted}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{title}</summary>
      {children}
    </details>
  );
}
