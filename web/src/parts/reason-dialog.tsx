import { REASON_RULE, textFault, tidyText } from '@outcry/shared/domain/text.ts';
import { useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Notice } from '../state/command-sender.ts';
import { Dialog, DialogButtons } from './dialog.tsx';
import { FormField } from './form-field.tsx';
import { NoticeText } from './notice-text.tsx';

interface ReasonDialogProps {
  readonly title: string;
  /** What will happen. */
  readonly children: ComponentChildren;
  /** Who reads the reason. */
  readonly hint: string;
  readonly action: string;
  /** The same while it is under way. */
  readonly busyAction: string;
  readonly isDanger?: boolean;
  readonly busy: boolean;
  readonly notice: Notice | null;
  /** Whether it was done. */
  readonly onGiven: (reason: string) => Promise<boolean>;
  readonly onClose: () => void;
}

/** Asks why, before something is done that others will want to know the reason of. */
export function ReasonDialog(props: ReasonDialogProps) {
  const { title, hint, action, busyAction, isDanger = false, busy } = props;
  const { notice, onGiven, onClose } = props;
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const submit = async (): Promise<void> => {
    const reason = tidyText(text);
    const wrong = textFault(reason, REASON_RULE);
    setFault(wrong === undefined ? '' : `The reason ${wrong}.`);
    if (wrong === undefined && (await onGiven(reason))) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="muted">{props.children}</p>
        <FormField
          label="Reason"
          hint={hint}
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
        <NoticeText notice={notice} />
        <DialogButtons
          label={action}
          busyLabel={busyAction}
          busy={busy}
          isDanger={isDanger}
          onLeave={onClose}
        />
      </form>
    </Dialog>
  );
}
