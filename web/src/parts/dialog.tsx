import { useEffect, useId, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { CloseIcon } from './icons.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A modal dialog for as long as it is rendered; Escape and a click beside it close it. The focus
 * goes back to where it came from, or to the page's heading where that is gone.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  // Text that is marked with the mouse may be let go of beside the dialog: that closes nothing.
  const pressedBeside = useRef(false);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      requestAnimationFrame(() => focusIfLost(before));
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        pressedBeside.current = event.target === element.current;
      }}
      onClick={(event) => {
        if (pressedBeside.current && event.target === element.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="button-icon" aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface DialogButtonsProps {
  /** Of the button that sends the dialog's form. */
  readonly label: string;
  readonly busyLabel: string;
  readonly busy: boolean;
  readonly isDanger?: boolean;
  /** False where there is nothing left but to leave it. */
  readonly isPossible?: boolean;
  /** Of the button that changes nothing. */
  readonly leaveLabel?: string;
  readonly onLeave: () => void;
}

/** What a dialog's form ends with: do it, or leave it. */
export function DialogButtons(props: DialogButtonsProps) {
  const { label, busyLabel, busy, isDanger = false, isPossible = true } = props;
  const { leaveLabel = 'Leave it', onLeave } = props;
  return (
    <div class="row">
      {isPossible && (
        <button
          type="submit"
          class={`button ${isDanger ? 'button-danger' : 'button-primary'}`}
          disabled={busy}
        >
          {busy ? busyLabel : label}
        </button>
      )}
      <button type="button" class="button" onClick={onLeave}>
        {leaveLabel}
      </button>
    </div>
  );
}

/** A dialog that is taken out of the page does not give the focus back by itself. */
function focusIfLost(before: Element | null): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const isThere = before instanceof HTMLElement && before.isConnected;
  (isThere ? before : document.querySelector('h1'))?.focus({ preventScroll: true });
}
