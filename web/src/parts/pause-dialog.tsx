import type { Selling } from '../state/selling.ts';
import { ReasonDialog } from './reason-dialog.tsx';

interface PauseDialogProps {
  readonly selling: Selling;
  readonly onClose: () => void;
}

/** Asks why, as everybody who watches will want to know. */
export function PauseDialog({ selling, onClose }: PauseDialogProps) {
  return (
    <ReasonDialog
      title="Pause this auction?"
      hint="Everybody who watches reads it."
      action="Pause"
      busyAction="Pausing …"
      busy={selling.sending.value !== null}
      notice={selling.notice.value}
      onGiven={(reason) => selling.pause(reason)}
      onClose={onClose}
    >
      Nobody can bid until you resume it. The end then moves by as long as the pause was.
    </ReasonDialog>
  );
}
