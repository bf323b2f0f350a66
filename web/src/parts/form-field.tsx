import { useId } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

interface FormFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly optional?: boolean;
  /** Gets what ties the control to its label and texts. */
  readonly control: (tied: TiedAttributes) => ComponentChildren;
}

export interface TiedAttributes {
  readonly id: string;
  readonly class: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

/**
 * A control with its label, a hint, and what is wrong with it. Only the fault is read out when it
 * changes: hints follow prices and what is being typed.
 */
export function FormField({
  label,
  hint = '',
  fault = '',
  optional = false,
  control,
}: FormFieldProps) {
  const id = useId();
  const hintId = useId();
  const faultId = useId();
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional && <span class="optional"> optional</span>}
      </label>
      {control({
        id,
        class: 'input',
        'aria-describedby': fault === '' ? hintId : faultId,
        'aria-invalid': fault !== '',
      })}
      <p id={hintId} class="hint">
        {fault === '' ? hint : ''}
      </p>
      <p id={faultId} class="fault" aria-live="polite">
        {fault}
      </p>
    </div>
  );
}
