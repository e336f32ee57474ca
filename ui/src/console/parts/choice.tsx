/** One of a few, side by side. */
interface ChoiceProps<Option extends string> {
  label: string;
  options: readonly Option[];
  chosen: string;
  choose: (option: Option) => void;
  titles?: Partial<Record<Option, string>>;
}

export function Choice<Option extends string>({ label, options, chosen, choose, titles = {} }: ChoiceProps<Option>) {
  return (
    <div class="tabs" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} class="tab" aria-pressed={option === chosen} onClick={() => choose(option)}>
          {titles[option] ?? option}
        </button>
      ))}
    </div>
  );
}
