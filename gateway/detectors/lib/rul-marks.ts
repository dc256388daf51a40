import type { Level } from "../../core/detector.ts";

/** What is usual, in heights of the scale: its middle and how far it wanders. */
export interface Baseline {
  middle: number;
  spread: number;
  /** How far the middle of many blocks wanders: noise averages out, another job or the weather does not. */
  calm: number;
}

/** Heights above the baseline from which something is said. */
export interface Marks {
  watch: number;
  alert: number;
  /** Enough for an alert even where it does not go on rising. */
  jump: number;
  /** Enough for an alert when it has lasted and does not heal. */
  lasting: number;
}

/**
 * What is known of a point: nobody said what is too much nor how long to learn (`unasked`); else by what was seen of it.
 * The less is known, the farther it must go before somebody is called.
 */
export type Known = "unasked" | "young" | "known" | "well";

/** Least size of a change: in logarithm, or as a share of the way from the baseline to the limit. */
const SIZE = {
  log: {
    watch: Math.log(1.15),
    alert: { unasked: Math.log(3), young: Math.log(2), known: Math.log(1.5), well: Math.log(1.5) },
    jump: Math.log(4),
    lasting: Math.log(1.12),
  },
  linear: {
    watch: 0.1,
    alert: { unasked: 0.5, young: 0.3, known: 0.3, well: 0.3 },
    jump: 0.75,
    lasting: 0.15,
  },
} as const;
/** The same against the usual wandering of the level in health. */
const WANDERINGS = { watch: 4, alert: 6 } as const;
/** How sure the level must be above the mark, as a normal quantile (95 %). */
export const SURE = 1.645;

/** The marks for a scale, a baseline, a limit (as a height) and how well the point is known. */
export function marksOf(scale: "log" | "linear", base: Baseline, limit: number | null, known: Known): Marks {
  const size = SIZE[scale];
  const way = limit === null ? 0 : limit - base.middle;
  const unit = scale === "log" ? 1 : way > 0 ? way : Math.abs(base.middle) + 20 * base.spread;
  const far = (share: number, spread = base.spread) => Math.max(share * unit, WANDERINGS.alert * spread);
  const watch = Math.max(size.watch * unit, WANDERINGS.watch * base.spread);
  const alert = far(size.alert[known]);
  const jump = known === "unasked" ? far(size.jump) : 2 * alert;
  const lasting = known === "well" ? far(size.lasting, base.calm) : alert;
  // Reaching the limit is an alert whatever the statistics say; a baseline at or above it is another rule's business.
  if (way <= size.watch * unit) return { watch, alert, jump, lasting };
  const within = (mark: number) => Math.min(mark, way);
  return { watch: Math.min(watch, way / 2), alert: within(alert), jump: within(jump), lasting: within(lasting) };
}

/** How far above the baseline: now, over the last few blocks, over more of them. */
export interface Height {
  now: number;
  steady: number;
  lasting: number;
  /** Whether it still stands where it rose to. What knocks for hours and falls back heals, and is no wear. */
  kept(): boolean;
  /** Whether it surely goes on. What has risen and stays is another job or a machine run in. */
  rising(): boolean;
}

/** Up soon where the change is large, after a while where it is smaller; down only when it is surely back. */
export function decide(level: Level | null, height: Height, spread: number, marks: Marks): Level | null {
  const { now, steady, lasting, kept, rising } = height;
  const margin = SURE * spread;
  const surely = steady - margin;
  const lasted = () => Math.min(surely, lasting) > marks.lasting && kept();
  if (surely > marks.jump || ((surely > marks.alert || lasted()) && rising())) return "alert";
  if (level === null) return now - margin > marks.watch ? "watch" : null;
  return now + spread < marks.watch / 2 ? null : level;
}
