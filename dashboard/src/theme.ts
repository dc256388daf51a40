import { computed, effect } from "@preact/signals";
import { gatewayNow } from "./clock.ts";
import { hourAtSite } from "./format.ts";
import { kept } from "./kept.ts";
import { tick } from "./live.ts";
import { wall } from "./router.ts";

export type Theme = "auto" | "day" | "night";

export const chosenTheme = kept<Theme>("theme", "auto", (value) =>
  value === "day" || value === "night" ? value : "auto",
);

// A wall screen has no evening setting of its own: it goes by the hour of the workshop.
const wallTheme = computed<Theme>(() => {
  if (tick.value < 0) return "auto";
  const hour = hourAtSite(gatewayNow());
  return hour >= 7 && hour < 20 ? "day" : "night";
});

const theme = computed<Theme>(() => (chosenTheme.value === "auto" && wall.value ? wallTheme.value : chosenTheme.value));

/** Steps whenever colours may have changed: what is drawn on a canvas must be drawn anew. */
export const paint = computed(() => `${theme.value}${systemIsDark()}`);

const systemIsDark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;

export function startTheme(): void {
  effect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
}

/** A design token's value as of now, for what is drawn by hand. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
