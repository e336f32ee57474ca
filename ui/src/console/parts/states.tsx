/** What stands where data would: that there is none, that it is on its way, or why it did not come. */
import type { CombinedError } from "@urql/core";
import type { ComponentChildren } from "preact";
import { explained, wantsToken } from "../graph/client";
import { openTokenDialog } from "../shell/token-dialog";
import { Icon, type IconName } from "./icon";

export function Empty({ icon = "check", title, children }: { icon?: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <i key={line} />
      ))}
    </div>
  );
}

export function Failure({ error, again }: { error: CombinedError; again?: () => void }) {
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="alert" />
      <p>{wantsToken(error) ? "This service tells nothing without its read token or its API token." : explained(error)}</p>
      {wantsToken(error) ? (
        <button class="button" onClick={openTokenDialog}>
          Enter a token
        </button>
      ) : (
        again && (
          <button class="button" onClick={again}>
            Try again
          </button>
        )
      )}
    </div>
  );
}

interface ShownProps<Data> {
  answer: { data: Data | undefined; error: CombinedError | undefined; again?: () => void };
  lines?: number;
  children: (data: Data) => ComponentChildren;
}

/** The data once it is there; what was heard before stays under the reason why nothing newer came. */
export function Shown<Data>({ answer, lines, children }: ShownProps<Data>) {
  const { data, error, again } = answer;
  return (
    <>
      {error && <Failure error={error} again={again} />}
      {data ? children(data) : !error && <Skeleton lines={lines} />}
    </>
  );
}
