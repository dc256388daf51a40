import type { Level } from "../../core/detector.ts";

/** What is usual, in heights of the scale: its middle and how far it wanders. */
export interface Baseline {
  middle: number;
  spread: number;
}

/** Heights above the baseline from which something is said. */
export interface Marks {
  watch: number;
  alert: number;
  /** Enough for an alert even where it does not go on rising. */
  jump: number;
  /** Enough for an alert when the point is well known and it has lasted, or lasted twice as long. */
  lasting: number;
  creeping: number;
}

/** Least size of a change: in logarithm, or as a share of the way from the baseline to the limit. */
const SIZE = {
  log: {
    watch: Math.log(1.15),
    young: Math.log(2),
    alert: Math.log(1.5),
    lasting: Math.log(1.25),
    creeping: Math.log(1.15),
  },
  linear: { watch: 0.1, young: 0.3, alert: 0.3, lasting: 0.2, creeping: 0.15 },
} as const;
/** The same against the usual wandering of the level in health. */
const WANDERINGS = { watch: 4, alert: 6 } as const;
/** How sure the level must be above the mark, as a normal quantile (95 %). */
export const SURE = 1.645;

/** The marks for a scale, a baseline, a limit (as a height) and how well the point is known. */
export function marksOf(
  scale: "log" | "linear",
  base: Baseline,
  limit: number | null,
  { known, wellKnown }: { known: boolean; wellKnown: boolean },
): Marks {
  const size = SIZE[scale];
  const way = limit === null ? 0 : limit - base.middle;
  const unit = scale === "log" ? 1 : way > 0 ? way : Math.abs(base.middle) + 20 * base.spread;
  const watch = Math.max(size.watch * unit, WANDERINGS.watch * base.spread);
  const alert = Math.max((known ? size.alert : size.young) * unit, WANDERINGS.alert * base.spread);
  const small = (share: number) => (wellKnown ? Math.max(share * unit, WANDERINGS.alert * base.spread) : alert);
  const [lasting, creeping] = [small(size.lasting), small(size.creeping)];
  // Reaching the limit is an alert whatever the statistics say; a baseline at or above it is another rule's business.
  if (way <= size.watch * unit) return { watch, alert, jump: 2 * alert, lasting, creeping };
  const within = (mark: number) => Math.min(mark, way);
  return {
    ...{ watch: Math.min(watch, way / 2), alert: within(alert), jump: within(2 * alert) },
    ...{ lasting: within(lasting), creeping: within(creeping) },
  };
}

/** How far above the baseline: now, over the last few blocks, over more and more of them. */
export interface Height {
  now: number;
  steady: number;
  lasting: number;
  creeping: number;
  /** Whether it surely goes on. What has risen and stays is another job or a machine run in. */
  rising(): boolean;
}

/** Up soon where the change is large, after a while where it is smaller; down only when it is surely back. */
export function decide(level: Level | null, height: Height, spread: number, marks: Marks): Level | null {
  const { now, steady, rising } = height;
  const margin = SURE * spread;
  const surely = steady - margin;
  const lasted = Math.min(surely, height.lasting) > marks.lasting || Math.min(surely, height.creeping) > marks.creeping;
  if (surely > marks.jump || ((surely > marks.alert || lasted) && rising())) return "alert";
  if (level === null) return now - margin > marks.watch ? "watch" : null;
  return now + spread < marks.watch / 2 ? null : level;
}
