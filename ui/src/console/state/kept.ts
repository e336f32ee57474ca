/** Values that outlive a reload, where the browser lets them. */
import { effect, signal, type Signal } from "@preact/signals";

const PREFIX = "kasparro.";

/** A signal whose value is kept as text; `fits` says whether what was found may be used. */
export function kept<T extends string>(
  storage: () => Storage,
  name: string,
  initial: T,
  fits: (found: string) => found is T,
): Signal<T> {
  const found = read(storage, name);
  const value = signal<T>(found !== null && fits(found) ? found : initial);
  effect(() => write(storage, name, value.value));
  return value;
}

function read(storage: () => Storage, name: string): string | null {
  try {
    return storage().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, name: string, value: string): void {
  try {
    if (value) storage().setItem(PREFIX + name, value);
    else storage().removeItem(PREFIX + name);
  } catch {
    // Without storage it lasts as long as the page.
  }
}
