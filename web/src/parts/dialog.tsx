import { useEffect, useId, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { CommandSender } from '../state/command-sender.ts';
import { Button } from './button.tsx';
import { Form } from './form.tsx';
import { CloseIcon } from './icons.tsx';
import { NoticeText } from './notice-text.tsx';

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
      <div class="dialog-body stack tight">
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

interface ActionDialogProps {
  readonly title: string;
  /** What will happen. */
  readonly children: ComponentChildren;
  /** Of the button that does it. */
  readonly action: string;
  /** The same while it is under way. */
  readonly busyAction?: string;
  readonly look?: 'primary' | 'danger';
  /** False where there is nothing left but to leave it. */
  readonly isPossible?: boolean;
  /** Of the button that changes nothing. */
  readonly leave?: string;
  /** What does it, and tells what came of it. */
  readonly sender: CommandSender<string>;
  readonly onAct: () => unknown;
  readonly onClose: () => void;
}

/** Asks before a command is sent; what is wrong with it is said here too. */
export function ActionDialog(props: ActionDialogProps) {
  const { title, children, action, busyAction = action, look = 'danger', sender, onClose } = props;
  const { isPossible = true, leave = 'Leave it' } = props;
  return (
    <Dialog title={title} onClose={onClose}>
      <Form class="stack" onSubmit={props.onAct}>
        {children}
        <NoticeText notice={sender.notice.value} />
        <div class="row">
          {isPossible && (
            <Button type="submit" look={look} disabled={sender.busy}>
              {sender.busy ? busyAction : action}
            </Button>
          )}
          <Button onClick={onClose}>{leave}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

export interface ConfirmDialogProps extends Omit<ActionDialogProps, 'onAct'> {
  /** Does it. @returns whether it was done, and the dialog is to go */
  readonly onConfirmed: () => Promise<boolean>;
}

/** Asks once more, and goes when it is done. */
export const ConfirmDialog = ({ onConfirmed, children, ...props }: ConfirmDialogProps) => (
  <ActionDialog
    {...props}
    onAct={async () => {
      if (await onConfirmed()) props.onClose();
    }}
  >
    <p class="muted">{children}</p>
  </ActionDialog>
);

/** A dialog that is taken out of the page does not give the focus back by itself. */
function focusIfLost(before: Element | null): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const isThere = before instanceof HTMLElement && before.isConnected;
  (isThere ? before : document.querySelector('h1'))?.focus({ preventScroll: true });
}
