/** Which columns a table shows: what was chosen on this device, else what fits its width. */
import { computed, type ReadonlySignal } from "@preact/signals";
import { kept } from "../state/kept";
import { narrow } from "../state/width";

export interface ChosenColumns {
  ids: ReadonlySignal<string[]>;
  toggle: (id: string) => void;
  reset: () => void;
}

const isText = (_: string): _ is string => true;

export function chosenColumns(table: string, known: string[], byWidth: { wide: string[]; narrow: string[] }): ChosenColumns {
  const chosen = kept(() => localStorage, `columns.${table}`, "", isText);
  const fitting = () => (narrow.value ? byWidth.narrow : byWidth.wide);
  const ids = computed(() => {
    const wanted = new Set(chosen.value ? chosen.value.split(",") : fitting());
    return known.filter((id) => wanted.has(id));
  });
  const toggle = (id: string) => {
    const others = ids.value.filter((shown) => shown !== id);
    chosen.value = (others.length < ids.value.length ? others : [...others, id]).join(",");
  };
  return { ids, toggle, reset: () => (chosen.value = "") };
}
