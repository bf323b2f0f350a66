import { REASON_RULE, textFault, tidyText } from '@outcry/shared/domain/text.ts';
import { useState } from 'preact/hooks';
import type { Selling } from '../state/selling.ts';
import { Dialog, DialogButtons } from './dialog.tsx';
import { FormField } from './form-field.tsx';
import { NoticeText } from './notice-text.tsx';

interface PauseDialogProps {
  readonly selling: Selling;
  readonly onClose: () => void;
}

/** Asks why, as everybody who watches will want to know. */
export function PauseDialog({ selling, onClose }: PauseDialogProps) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const busy = selling.sending.value !== null;
  const submit = async (): Promise<void> => {
    const reason = tidyText(text);
    const wrong = textFault(reason, REASON_RULE);
    setFault(wrong === undefined ? '' : `The reason ${wrong}.`);
    if (wrong === undefined && (await selling.pause(reason))) onClose();
  };
  return (
    <Dialog title="Pause this auction?" onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="muted">
          Nobody can bid until you resume it. The end then moves by as long as the pause was.
        </p>
        <FormField
          label="Reason"
          hint="Everybody who watches reads it."
          fault={fault}
          control={(tied) => (
            <input
              {...tied}
              class="input"
              value={text}
              maxLength={REASON_RULE.max}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setFault('');
              }}
            />
          )}
        />
        <NoticeText notice={selling.notice.value} />
        <DialogButtons label="Pause" busyLabel="Pausing …" busy={busy} onLeave={onClose} />
      </form>
    </Dialog>
  );
}
