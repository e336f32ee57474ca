/** The frame around every page, and which page is shown. */
import { useEffect, useRef } from "preact/hooks";
import { AssetPage } from "./asset/page";
import { AssetsPage } from "./assets/page";
import { CoinPage } from "./coins/coin-page";
import { CoinsPage } from "./coins/page";
import { OverviewPage } from "./overview/page";
import { titled } from "./parts/state-pill";
import { Empty } from "./parts/states";
import { ReviewPage } from "./review/page";
import { RunsPage } from "./runs/page";
import { RunPage } from "./runs/run-page";
import { ConnectionNote } from "./shell/connection-note";
import { Header } from "./shell/header";
import { Help } from "./shell/help";
import { Toasts } from "./shell/toasts";
import { TokenDialog } from "./shell/token-dialog";
import { href, route } from "./state/route";

export function App() {
  const place = route.value.path.join("/");
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    scrollTo(0, 0);
    document.title = `${titled(route.value.path[0] ?? "overview")} · Kasparro`;
  }, [place]);
  const skip = (event: Event) => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      <a class="skip" href="#/" onClick={skip}>
        Skip to the page
      </a>
      <Header />
      <ConnectionNote />
      <main class={isTable(route.value.path) ? "page table-page" : "page"} ref={main} tabIndex={-1}>
        {isTable(route.value.path) && <h1 class="visually-hidden">{titled(route.value.path[0]!)}</h1>}
        <Page path={route.value.path} />
      </main>
      <TokenDialog />
      <Help />
      <Toasts />
    </>
  );
}

/** Pages of one table, which fills the window. */
function isTable(path: string[]): boolean {
  return path.length === 1 && ["assets", "coins", "runs"].includes(path[0]!);
}

function Page({ path: [place, which] }: { path: string[] }) {
  if (place === undefined) return <OverviewPage />;
  if (place === "assets") return which ? <AssetPage id={which} /> : <AssetsPage />;
  if (place === "coins") return which ? <CoinPage slug={which} /> : <CoinsPage />;
  if (place === "runs") return which ? <RunPage key={which} id={which} /> : <RunsPage />;
  if (place === "review") return <ReviewPage tab={which} />;
  return (
    <Empty icon="search" title="There is no such page">
      <a href={href([])}>To the overview</a>
    </Empty>
  );
}
