/** A short list that is read on by a button, and again from its start when something changed. */
import type { CombinedError } from "@urql/core";
import { useEffect, useState } from "preact/hooks";
import { changes, returns } from "../state/connection";

export interface Listing<Node> {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  nodes: Node[];
}

type Read<Node> = (after: string | null) => Promise<{ listing?: Listing<Node> | undefined; error?: CombinedError | undefined }>;

export interface Pages<Node> {
  data: Listing<Node> | undefined;
  error: CombinedError | undefined;
  more: () => Promise<void>;
  again: () => void;
}

export function usePages<Node>(read: Read<Node>, key: string): Pages<Node> {
  const [data, setData] = useState<Listing<Node>>();
  const [error, setError] = useState<CombinedError>();
  const [asked, ask] = useState(0);
  const pulse = `${key} ${changes.value} ${returns.value} ${asked}`;
  useEffect(() => setData(undefined), [key]);
  useEffect(() => {
    let left = false;
    void read(null).then((found) => {
      if (left) return;
      setError(found.error);
      if (found.listing) setData(found.listing);
    });
    return () => void (left = true);
  }, [pulse]);
  const more = async () => {
    const { listing, error: problem } = await read(data?.pageInfo.endCursor ?? null);
    setError(problem);
    if (listing) setData((before) => ({ ...listing, nodes: [...(before?.nodes ?? []), ...listing.nodes] }));
  };
  return { data, error, more, again: () => ask(asked + 1) };
}
