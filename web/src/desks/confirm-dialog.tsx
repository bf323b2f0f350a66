import type { ComponentChildren } from 'preact';
import { Dialog, DialogButtons } from '../parts/dialog.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import type { Notice } from '../state/command-sender.ts';

interface ConfirmDialogProps {
  readonly title: string;
  /** What will happen. */
  readonly children: ComponentChildren;
  readonly action: string;
  readonly busy: boolean;
  readonly notice: Notice | null;
  /** Whether it was done. */
  readonly onConfirmed: () => Promise<boolean>;
  readonly onClose: () => void;
}

/** Asks once more. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, action, busy, notice, onConfirmed, onClose } = props;
  const confirm = async (): Promise<void> => {
    if (await onConfirmed()) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <p class="muted">{props.children}</p>
        <NoticeText notice={notice} />
        <DialogButtons label={action} busyLabel={action} busy={busy} isDanger onLeave={onClose} />
      </form>
    </Dialog>
  );
}
