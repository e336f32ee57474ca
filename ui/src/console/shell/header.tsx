/** The bar above every page: where one can go, and how things are shown. */
import { Icon, type IconName } from "../parts/icon";
import { line } from "../state/connection";
import { href, route } from "../state/route";
import { theme, toggleTheme } from "../state/theme";
import { token } from "../state/token";
import { toggleZone, zone } from "../state/zone";
import { openHelp } from "./help";
import { ReadOnly } from "./read-only";
import { openTokenDialog } from "./token-dialog";

const PLACES: { title: string; icon: IconName; path: string[]; within: string[] }[] = [
  { title: "Overview", icon: "overview", path: [], within: [] },
  { title: "Assets", icon: "table", path: ["assets"], within: ["assets", "coins"] },
  { title: "Runs", icon: "runs", path: ["runs"], within: ["runs"] },
  { title: "Review", icon: "review", path: ["review"], within: ["review"] },
];

export function Header() {
  return (
    <header class="header">
      <a class="brand" href={href([])}>
        <svg class="brand-mark" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 2v16M3 11 13 2M7 7.5 16 18" />
        </svg>
        Kasparro
      </a>
      <nav class="places" aria-label="Pages">
        {PLACES.map((place) => (
          <Place key={place.title} {...place} />
        ))}
      </nav>
      <div class="header-tools">
        <LineState />
        <ReadOnly />
        <button class="button button-quiet zone" onClick={toggleZone} title="Show times in UTC or in local time">
          {zone.value === "UTC" ? "UTC" : "Local"}
        </button>
        <Tool icon={theme.value === "dark" ? "sun" : "moon"} title={`Use the ${theme.value === "dark" ? "light" : "dark"} theme`} onClick={toggleTheme} />
        <Tool icon="key" title={token.value ? "API token (entered)" : "Enter the API token"} lit={!!token.value} onClick={openTokenDialog} />
        <Tool icon="help" title="Keyboard shortcuts" onClick={openHelp} />
      </div>
    </header>
  );
}

function Place({ title, icon, path, within }: (typeof PLACES)[number]) {
  const [at] = route.value.path;
  const here = at === undefined ? within.length === 0 : within.includes(at);
  return (
    <a class="place" href={href(path)} aria-current={here ? "page" : undefined}>
      <Icon name={icon} />
      {title}
    </a>
  );
}

function Tool({ icon, title, lit = false, onClick }: { icon: IconName; title: string; lit?: boolean; onClick: () => void }) {
  return (
    <button class={`button button-quiet button-icon ${lit ? "lit" : ""}`} aria-label={title} title={title} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

const LINES = { connecting: "Connecting", open: "Live", lost: "Offline" };

function LineState() {
  return (
    <span class={`line line-${line.value}`} title="Whether changes are shown as they happen">
      <i class="dot" />
      {LINES[line.value]}
    </span>
  );
}
