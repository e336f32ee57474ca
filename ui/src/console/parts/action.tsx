/** A button that changes something: where that is not allowed, it is off and says why. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { refusal } from "../graph/viewer";
import { READ_ONLY } from "../shell/read-only";
import { Icon, type IconName } from "./icon";

interface ActionProps {
  icon?: IconName;
  children: ComponentChildren;
  act: () => Promise<void>;
  class?: string;
  /** Why it makes no sense now; empty where it does. */
  not?: string;
  title?: string;
}

export function Action({ icon, children, act, class: className = "button", not = "", title }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const why = refusal.value || not;
  const press = async () => {
    setBusy(true);
    await act().finally(() => setBusy(false));
  };
  return (
    <button
      class={className}
      disabled={busy || !!why}
      title={why || title}
      aria-describedby={refusal.value ? READ_ONLY : undefined}
      onClick={press}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
