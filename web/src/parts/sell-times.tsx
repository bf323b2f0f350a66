import { AT_A_DATE, DURATIONS, type SellForm } from '../state/sell-form.ts';
import type { SellFaults } from '../state/sell-request.ts';
import { FormField } from './form-field.tsx';

export interface SellFieldsProps {
  readonly form: SellForm;
  readonly faults: SellFaults;
  readonly onChange: (changes: Partial<SellForm>) => void;
}

const OPENINGS: readonly (readonly [seconds: number, label: string])[] = [
  [0, 'At once'],
  [30, 'In 30 seconds'],
  [300, 'In 5 minutes'],
  [3_600, 'In 1 hour'],
  [86_400, 'In 1 day'],
  [AT_A_DATE, 'On a date'],
];

/** When it opens, and how long it lasts: by the span, or by the date. */
export function SellTimes({ form, faults, onChange }: SellFieldsProps) {
  const choice = (
    label: string,
    name: 'durationSeconds' | 'opensInSeconds',
    options: typeof OPENINGS,
  ) => (
    <FormField
      label={label}
      control={(tied) => (
        <select
          {...tied}
          value={form[name]}
          onChange={(event) => onChange({ [name]: Number(event.currentTarget.value) })}
        >
          {options.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      )}
    />
  );
  const date = (label: string, name: 'opensAt' | 'endsAt') => (
    <FormField
      label={label}
      hint="In your time zone."
      fault={faults[name]}
      control={(tied) => (
        <input
          {...tied}
          type="datetime-local"
          value={form[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      )}
    />
  );
  return (
    <>
      <div class="field-row">
        {choice('Opens', 'opensInSeconds', OPENINGS)}
        {form.opensInSeconds === AT_A_DATE && date('Opens on', 'opensAt')}
      </div>
      <div class="field-row">
        {choice('Lasts', 'durationSeconds', [...DURATIONS, [AT_A_DATE, 'Until a date']])}
        {form.durationSeconds === AT_A_DATE && date('Ends on', 'endsAt')}
      </div>
    </>
  );
}
