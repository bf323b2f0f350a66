import { useId } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';

interface FormFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly fault: string | undefined;
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

/** A control with its label, a hint, and what is wrong with it. */
export function FormField({
  label,
  hint = '',
  fault,
  optional = false,
  control,
}: FormFieldProps): JSX.Element {
  const id = useId();
  const textId = useId();
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional && <span class="optional"> optional</span>}
      </label>
      {control({
        id,
        class: 'input',
        'aria-describedby': textId,
        'aria-invalid': fault !== undefined,
      })}
      <p id={textId} class={fault === undefined ? 'hint' : 'fault'}>
        {fault ?? hint}
      </p>
    </div>
  );
}
