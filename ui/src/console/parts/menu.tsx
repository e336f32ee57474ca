/** A button that opens a list of further ones. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

interface MenuProps {
  label: string;
  icon?: IconName;
  text?: string;
  children: ComponentChildren;
}

export function Menu({ label, icon = "more", text, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => menu.current?.contains(event.target as Node) || setOpen(false);
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      menu.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", leave);
    addEventListener("focusin", leave);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("focusin", leave);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  const chosen = (event: Event) => (event.target as Element).closest(".menu-item") && setOpen(false);
  return (
    <div class="menu" ref={menu}>
      <button
        class={text ? "button" : "button button-quiet button-icon button-small"}
        aria-label={text ? undefined : label}
        title={label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
        {text}
      </button>
      {open && (
        <div class="menu-list" onClick={chosen}>
          {children}
        </div>
      )}
    </div>
  );
}
