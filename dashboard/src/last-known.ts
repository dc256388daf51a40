import { batch } from "@preact/signals";
import type { AlarmAnswer, MachineAnswer, PointAnswer, SiteAnswer } from "../../gateway/core/api.ts";
import { alarms, allPoints, heardAt, link, machines, recall, site, tick } from "./live.ts";

/** What the page last knew, kept on this device so that it can show something, marked as old, while the gateway is out of reach. */
interface Known {
  at: number;
  site: SiteAnswer;
  machines: readonly MachineAnswer[];
  points: readonly PointAnswer[];
  alarms: readonly AlarmAnswer[];
}

const KEY = "vigie.last-known";
const EVERY = 10;

/** Keeps the state every ten seconds while live. */
export function startKeeping(): void {
  tick.subscribe((second) => {
    const here = site.peek();
    if (second % EVERY !== EVERY - 1 || link.peek() !== "live" || !here) return;
    const known: Known = {
      at: Date.now(),
      site: here,
      machines: machines.peek(),
      points: allPoints(),
      alarms: alarms.peek(),
    };
    try {
      localStorage.setItem(KEY, JSON.stringify(known));
    } catch {
      // No room or no permission: then there is nothing to show while offline.
    }
  });
}

/** Shows what was last known. Every age counts from when it was kept, so every value is grey, and the banner says since when. */
export function showLastKnown(): void {
  if (site.peek()) return;
  try {
    const known = JSON.parse(localStorage.getItem(KEY) ?? "null") as Known | null;
    if (!known) return;
    const old = Math.max(0, Date.now() - known.at);
    batch(() => {
      site.value = known.site;
      machines.value = known.machines;
      alarms.value = known.alarms;
      heardAt.value = known.at;
      recall(known.points.map((point) => ({ ...point, age: point.age === null ? null : point.age + old })));
    });
  } catch {
    localStorage.removeItem(KEY);
  }
}
