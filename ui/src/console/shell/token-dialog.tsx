/** Where the API token is entered, once for as long as the tab is open. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Dialog } from "../parts/dialog";
import { returns } from "../state/connection";
import { token } from "../state/token";

/** What a header cannot carry, such as a space that was copied along. */
const NOT_SENT = /[^\x21-\x7e]/g;

const opened = signal(false);

export function openTokenDialog(): void {
  opened.value = true;
}

export function TokenDialog() {
  return opened.value ? <TokenForm onClose={() => (opened.value = false)} /> : null;
}

function TokenForm({ onClose }: { onClose: () => void }) {
  const [entered, enter] = useState(token.value);
  const keep = (value: string) => {
    token.value = value.replace(NOT_SENT, "");
    // Whoever may read now asks again.
    returns.value += 1;
    onClose();
  };
  return (
    <Dialog title="API token" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          keep(entered);
        }}
      >
        <p class="muted">
          The value of the service's <code>API_TOKEN</code>. It goes with every request of this tab, and is forgotten
          when the tab is closed.
        </p>
        <label class="field">
          Token
          <input type="password" autocomplete="off" autofocus value={entered} onInput={(event) => enter(event.currentTarget.value)} />
        </label>
        <div class="row row-end">
          {token.value && (
            <button type="button" class="button" onClick={() => keep("")}>
              Forget it
            </button>
          )}
          <button class="button button-primary" disabled={!entered.replace(NOT_SENT, "")}>
            Use this token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
