/** The two ways to look at what is stored: as each source tells it, or coin by coin. */
import { href, route } from "../state/route";

export function AssetsOrCoins() {
  const [place] = route.value.path;
  const q = route.value.params.get("q");
  return (
    <nav class="tabs" aria-label="Assets or coins">
      {["assets", "coins"].map((to) => (
        <a key={to} class="tab" href={href([to], { q })} aria-current={place === to ? "page" : undefined}>
          {to === "assets" ? "Assets" : "Coins"}
        </a>
      ))}
    </nav>
  );
}
