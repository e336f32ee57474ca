/** A list for a table, begun anew when what is asked for changes; until its first page comes, the old one is shown. */
import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { returns } from "../state/connection";
import { type FetchPage, RowList } from "./row-list";

export interface Rows<Row> {
  list: RowList<Row>;
  /** Whether what is shown is of an earlier question. */
  old: boolean;
}

export function useRows<Row>(fetchPage: FetchPage<Row>, key: string): Rows<Row> {
  const [list, setList] = useState(() => new RowList(fetchPage));
  const [shownKey, setShownKey] = useState(key);

  useEffect(() => {
    const next = key === shownKey ? list : new RowList(fetchPage);
    next.need(0, 1);
    return effect(() => {
      if (!next.begun.value) return;
      setList(next);
      setShownKey(key);
    });
  }, [key]);

  useEffect(() => {
    if (list.error.value) list.again();
  }, [returns.value]);

  return { list, old: key !== shownKey };
}
