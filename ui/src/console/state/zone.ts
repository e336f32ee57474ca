/** Whose clock times are shown by. */
import { kept } from "./kept";

export type Zone = "UTC" | "local";

const isZone = (found: string): found is Zone => found === "UTC" || found === "local";

export const zone = kept<Zone>(() => localStorage, "zone", "UTC", isZone);

export function toggleZone(): void {
  zone.value = zone.value === "UTC" ? "local" : "UTC";
}
