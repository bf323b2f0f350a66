import { useId } from 'preact/hooks';
import { Select } from './form.tsx';

type ChoiceProps<T extends string> = { readonly label: string } & Omit<
  Parameters<typeof Select<T>>[0],
  'id' | 'class'
>;

/** One of a few, in a list that opens; its label stands before it. */
export function Choice<T extends string>({ label, ...select }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div class="choice hint">
      <label for={id}>{label}</label>
      <Select id={id} class="input" {...select} />
    </div>
  );
}
