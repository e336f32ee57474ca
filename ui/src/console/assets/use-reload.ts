/** Whether there are newer figures than a table shows, and how to see them. */
import { useState } from "preact/hooks";
import { changes } from "../state/connection";
import { forgetSparks } from "./sparks";

export interface Reload {
  /** Another one after each reload. */
  times: number;
  /** Whether something changed since. */
  due: boolean;
  reload: () => void;
}

export function useReload(): Reload {
  const [{ times, seen }, see] = useState({ times: 0, seen: changes.value });
  const reload = () => {
    forgetSparks();
    see({ times: times + 1, seen: changes.value });
  };
  return { times, due: changes.value !== seen, reload };
}
