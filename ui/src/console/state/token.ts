/** The API token: entered once, kept by this tab alone until it is closed. */
import { kept } from "./kept";

const isText = (_: string): _ is string => true;

export const token = kept(() => sessionStorage, "token", "", isText);

export function authorization(): Record<string, string> {
  return token.value ? { Authorization: `Bearer ${token.value}` } : {};
}
