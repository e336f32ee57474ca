/** Where one is: the part of the address behind `#`, so that the server needs no more than `/`. */
import { signal } from "@preact/signals";

export type Params = Record<string, string | null | undefined>;

interface Route {
  /** `#/runs/UnVuOjE%3D` is `["runs", "UnVuOjE="]`. */
  path: string[];
  params: URLSearchParams;
}

export const route = signal<Route>(parsed(location.hash));
addEventListener("hashchange", () => (route.value = parsed(location.hash)));

export function href(path: string[], params: Params = {}): string {
  const query = filled(new URLSearchParams(), params).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${query && `?${query}`}`;
}

export function go(path: string[], params: Params = {}): void {
  location.hash = href(path, params);
}

/** Change what follows `?` without a new entry in the history; empty values are left out. */
export function setParams(changes: Params): void {
  const params = filled(new URLSearchParams(route.value.params), changes);
  const target = href(route.value.path, Object.fromEntries(params));
  history.replaceState(null, "", target);
  route.value = parsed(target);
}

function parsed(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decoded), params: new URLSearchParams(query) };
}

function filled(params: URLSearchParams, changes: Params): URLSearchParams {
  for (const [name, value] of Object.entries(changes)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  return params;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
