/** The keys that work, shown by `?`. */
import { signal } from "@preact/signals";
import { Dialog } from "../parts/dialog";

const opened = signal(false);

export function openHelp(): void {
  opened.value = true;
}

const KEYS: [string[], string][] = [
  [["g", "o"], "Overview"],
  [["g", "a"], "Assets"],
  [["g", "c"], "Coins"],
  [["g", "r"], "Runs"],
  [["g", "v"], "Review"],
  [["/"], "Search"],
  [["↑", "↓"], "Move through a table's rows"],
  [["Enter"], "Open the row"],
  [["t"], "Dark or light"],
  [["u"], "UTC or local time"],
  [["k"], "Enter the API token"],
  [["?"], "This list"],
  [["Esc"], "Close"],
];

export function Help() {
  if (!opened.value) return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => (opened.value = false)}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
