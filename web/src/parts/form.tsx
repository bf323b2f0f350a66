/** Forms and their fields: each control with its label, a hint, and what is wrong with it. */
import { useId } from 'preact/hooks';
import type { ComponentChildren, FormHTMLAttributes, PartialInputHTMLAttributes } from 'preact';

interface FormProps extends Omit<FormHTMLAttributes, 'onSubmit' | 'noValidate'> {
  /** Whatever is wrong is said by the form's own fields. */
  readonly onSubmit: () => unknown;
}

export const Form = ({ onSubmit, ...attributes }: FormProps) => (
  <form
    noValidate
    {...attributes}
    onSubmit={(event) => {
      event.preventDefault();
      onSubmit();
    }}
  />
);

interface FieldTexts {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly optional?: boolean | undefined;
}

interface FormFieldProps extends FieldTexts {
  /** Gets what ties the control to its label and texts. */
  readonly control: (tied: TiedAttributes) => ComponentChildren;
}

interface TiedAttributes {
  readonly id: string;
  readonly class: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

/** Only the fault is read out when it changes: hints follow prices and what is being typed. */
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

type TextAttribute =
  | 'autoCapitalize'
  | 'autoComplete'
  | 'autoFocus'
  | 'dir'
  | 'inputMode'
  | 'maxLength'
  | 'placeholder'
  | 'spellcheck';

interface TextFieldProps
  extends FieldTexts, Pick<PartialInputHTMLAttributes<HTMLElement>, TextAttribute> {
  readonly type?: 'datetime-local' | 'url';
  /** Lines that are seen of a text of several. */
  readonly rows?: number;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** A text to be typed: the browser proposes nothing that was typed before, unless asked to. */
export function TextField(props: TextFieldProps) {
  const { label, hint, fault, optional, type, rows, onValue, ...attributes } = props;
  const onInput = (event: { readonly currentTarget: { readonly value: string } }): void =>
    onValue(event.currentTarget.value);
  // The types of attributes tell kinds of inputs apart only where one kind is named at a time.
  const typed = type === 'url' ? { type } : type === undefined ? {} : { type };
  return (
    <FormField
      {...{ label, hint, fault, optional }}
      control={(tied) =>
        rows === undefined ? (
          <input autoComplete="off" {...attributes} {...tied} {...typed} onInput={onInput} />
        ) : (
          <textarea {...attributes} {...tied} rows={rows} onInput={onInput} />
        )
      }
    />
  );
}

/**
 * Text fields of a form that keeps all of its texts together.
 * @param onText gets what was typed, and the name of its field
 * @returns makes the field of this name
 */
export const textFieldsOf =
  <Name extends string>(
    form: { readonly [Field in Name]: string },
    faults: Readonly<Partial<Record<Name, string>>>,
    onText: (name: Name, text: string) => void,
  ) =>
  (
    name: Name,
    label: string,
    more: Omit<TextFieldProps, 'label' | 'fault' | 'value' | 'onValue'> = {},
  ) => (
    <TextField
      {...more}
      label={label}
      fault={faults[name]}
      value={form[name]}
      onValue={(text) => onText(name, text)}
    />
  );

interface SelectProps<T extends string | number> {
  readonly value: T;
  readonly choices: readonly (readonly [T, text: string])[];
  readonly onValue: (value: T) => void;
}

/** One of a few, in a list that opens. */
export const Select = <T extends string | number>({
  choices,
  onValue,
  ...attributes
}: SelectProps<T> & { readonly id: string; readonly class: string }) => (
  <select
    {...attributes}
    onChange={({ currentTarget }) => {
      const chosen = choices.find(([choice]) => String(choice) === currentTarget.value);
      if (chosen !== undefined) onValue(chosen[0]);
    }}
  >
    {choices.map(([choice, text]) => (
      <option key={choice} value={choice}>
        {text}
      </option>
    ))}
  </select>
);

/** The same below its label, in a form. */
export const SelectField = <T extends string | number>({
  label,
  ...select
}: SelectProps<T> & Pick<FieldTexts, 'label'>) => (
  <FormField label={label} control={(tied) => <Select {...tied} {...select} />} />
);

interface SegmentsProps<T extends string | number> extends SelectProps<T> {
  /** Says to those who only hear it what is chosen. */
  readonly label: string;
  readonly class?: string;
}

/** One of very few, side by side. */
export function Segments<T extends string | number>(props: SegmentsProps<T>) {
  const { label, value, choices, onValue, class: more = '' } = props;
  const name = useId();
  return (
    <fieldset class={`segments ${more}`}>
      <legend class="unseen">{label}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice} class="segment">
          <input
            type="radio"
            name={name}
            checked={choice === value}
            onChange={() => onValue(choice)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
