/** The way back to the list that a page belongs to. */
import type { ComponentChildren } from "preact";
import { href, type Params } from "../state/route";
import { Icon } from "./icon";

export function Crumb({ to, params = {}, children }: { to: string[]; params?: Params; children: ComponentChildren }) {
  return (
    <a class="crumb" href={href(to, params)}>
      <Icon name="back" />
      {children}
    </a>
  );
}
