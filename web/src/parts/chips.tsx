interface ChipsProps<T extends string> {
  readonly label: string;
  readonly choices: readonly (readonly [T, text: string])[];
  readonly isPressed: (choice: T) => boolean;
  readonly onPress: (choice: T) => void;
}

/** Small buttons in a row, each of which is on or off. */
export function Chips<T extends string>({ label, choices, isPressed, onPress }: ChipsProps<T>) {
  return (
    <div class="chips row" role="group" aria-label={label}>
      {choices.map(([choice, text]) => (
        <button
          key={choice}
          type="button"
          class="chip"
          aria-pressed={isPressed(choice)}
          onClick={() => onPress(choice)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
