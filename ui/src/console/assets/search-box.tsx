/** Search as one types: what was typed goes into the address once one pauses. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon";
import { route, setParams } from "../state/route";

const PAUSE_MS = 180;

export function SearchBox({ label }: { label: string }) {
  const inAddress = route.value.params.get("q") ?? "";
  const [typed, type] = useState(inAddress);
  const written = useRef(inAddress);
  useEffect(() => {
    if (typed === written.current) return;
    const timer = setTimeout(() => {
      written.current = typed;
      setParams({ q: typed.trim() });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // The address may change by other ways, such as going back.
  useEffect(() => {
    if (inAddress === written.current.trim()) return;
    written.current = inAddress;
    type(inAddress);
  }, [inAddress]);
  return (
    <div class="search">
      <Icon name="search" />
      <input class="control" type="search" aria-label={label} placeholder={label} value={typed} onInput={(event) => type(event.currentTarget.value)} />
    </div>
  );
}
