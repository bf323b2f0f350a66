import { EMPTY_FORM } from '../state/sell-form.ts';
import { Fold } from './fold.tsx';
import { FormField, type TiedAttributes } from './form-field.tsx';
import type { SellFieldsProps } from './sell-times.tsx';

const NAMES = [
  'lateSeconds',
  'addedSeconds',
  'mostMinutes',
  'increments',
  'highestBid',
  'graceSeconds',
] as const;

/** Terms that most sellers leave as they are. */
export function SellTerms({ form, faults, onChange }: SellFieldsProps) {
  const text = (name: (typeof NAMES)[number], inputMode: 'numeric' | 'decimal') =>
    function textInput(tied: TiedAttributes) {
      return (
        <input
          {...tied}
          inputMode={inputMode}
          autoComplete="off"
          value={form[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      );
    };
  return (
    <Fold
      title="More terms"
      isOpen={NAMES.some((name) => form[name] !== EMPTY_FORM[name])}
      isWanted={NAMES.some((name) => faults[name] !== undefined)}
    >
      <div class="stack">
        <div class="field-row">
          <FormField
            label="Soft close window (seconds)"
            hint="A bid this close to the end moves it; 0 for never."
            fault={faults.lateSeconds}
            control={text('lateSeconds', 'numeric')}
          />
          <FormField
            label="Soft close extension (seconds)"
            hint="Left after such a bid, at least."
            fault={faults.addedSeconds}
            control={text('addedSeconds', 'numeric')}
          />
        </div>
        <div class="field-row">
          <FormField
            label="Latest end (minutes later)"
            optional
            hint="How far late bids can move the end. Usually a day."
            fault={faults.mostMinutes}
            control={text('mostMinutes', 'numeric')}
          />
          <FormField
            label="Outage grace (seconds)"
            hint="Added if the site was away at the end; 0 for none."
            fault={faults.graceSeconds}
            control={text('graceSeconds', 'numeric')}
          />
        </div>
        <FormField
          label="Highest bid"
          optional
          hint="No bid above it is taken."
          fault={faults.highestBid}
          control={text('highestBid', 'decimal')}
        />
        <FormField
          label="Increments"
          optional
          hint="One a line: from which price, a colon, by how much. For instance “0: 5”, then “100: 10”."
          fault={faults.increments}
          control={(tied) => (
            <textarea
              {...tied}
              rows={3}
              value={form.increments}
              onInput={(event) => onChange({ increments: event.currentTarget.value })}
            />
          )}
        />
      </div>
    </Fold>
  );
}
