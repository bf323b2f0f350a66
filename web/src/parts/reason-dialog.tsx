import { REASON_RULE, textFault, tidyText } from '@outcry/shared/domain/text.ts';
import { useState } from 'preact/hooks';
import { ActionDialog, type ConfirmDialogProps } from './dialog.tsx';
import { TextField } from './form.tsx';

interface ReasonDialogProps extends Omit<ConfirmDialogProps, 'onConfirmed'> {
  /** Who reads the reason. */
  readonly hint: string;
  /** Does it. @returns whether it was done, and the dialog is to go */
  readonly onGiven: (reason: string) => Promise<boolean>;
}

/** Asks why, before something is done that others will want to know the reason of. */
export function ReasonDialog({ hint, onGiven, children, ...props }: ReasonDialogProps) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const submit = async (): Promise<void> => {
    const reason = tidyText(text);
    const wrong = textFault(reason, REASON_RULE);
    setFault(wrong === undefined ? '' : `The reason ${wrong}.`);
    if (wrong === undefined && (await onGiven(reason))) props.onClose();
  };
  return (
    <ActionDialog {...props} onAct={submit}>
      <p class="muted">{children}</p>
      <TextField
        label="Reason"
        hint={hint}
        fault={fault}
        value={text}
        autoComplete="on"
        maxLength={REASON_RULE.max}
        onValue={(typed) => {
          setText(typed);
          setFault('');
        }}
      />
    </ActionDialog>
  );
}
