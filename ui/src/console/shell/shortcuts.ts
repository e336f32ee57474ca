/** Keys that work on every page; `shell/help` lists them. */
import { go } from "../state/route";
import { toggleTheme } from "../state/theme";
import { toggleZone } from "../state/zone";
import { openHelp } from "./help";
import { openTokenDialog } from "./token-dialog";

const GOES: Record<string, string[]> = { o: [], a: ["assets"], c: ["coins"], r: ["runs"], v: ["review"] };
const DOES: Record<string, () => void> = {
  "?": openHelp,
  "/": focusSearch,
  t: toggleTheme,
  u: toggleZone,
  k: openTokenDialog,
};

/** Whether the last key was `g`. */
let going = false;

export function listenForShortcuts(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const place = going ? GOES[event.key] : undefined;
    going = event.key === "g";
    const act = place ? () => go(place) : DOES[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (!!target.closest("dialog") || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
}
