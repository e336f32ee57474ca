/** Dark or light: what the system prefers, until someone chooses. */
import { computed, effect, signal } from "@preact/signals";
import { kept } from "./kept";

type Theme = "dark" | "light";
type Choice = Theme | "system";

const isChoice = (found: string): found is Choice => ["dark", "light", "system"].includes(found);
const preference = matchMedia("(prefers-color-scheme: dark)");
const preferred = signal<Theme>(preference.matches ? "dark" : "light");
preference.addEventListener("change", () => (preferred.value = preference.matches ? "dark" : "light"));

const choice = kept<Choice>(() => localStorage, "theme", "system", isChoice);

export const theme = computed<Theme>(() => (choice.value === "system" ? preferred.value : choice.value));
effect(() => document.documentElement.setAttribute("data-theme", theme.value));

export function toggleTheme(): void {
  const other = theme.value === "dark" ? "light" : "dark";
  choice.value = other === preferred.value ? "system" : other;
}
