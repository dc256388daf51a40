import { z } from "zod";
import type { Detector } from "../core/detector.ts";
import { numberOf } from "../core/reading.ts";
import { reason } from "../core/text.ts";
import { HOUR, MINUTE } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { duration, level } from "./lib/options.ts";
import { amount, nameOfPoint, span, text } from "./lib/wording.ts";

/**
 * A value that changes too fast: more than so much per so long, up or down. Catches a bath that heats without its
 * thermostat, a pressure that collapses, long before a limit is reached. Measured over the whole span, so that noise
 * between two readings is not a rate; silent after a gap until the span is filled again.
 */
const options = z
  .strictObject({
    /** The rise within `per` that is too much. */
    rise: z.number().positive().optional(),
    /** The fall within `per` that is too much, as a positive number. */
    fall: z.number().positive().optional(),
    per: duration.prefault("1min"),
    level: level.default("alert"),
  })
  .refine(
    ({ rise, fall }) => rise !== undefined || fall !== undefined,
    reason({ fr: "donnez au moins rise ou fall", en: "give at least one of rise and fall" }),
  )
  .refine(
    ({ per }) => per >= MINUTE / 60 && per <= 24 * HOUR,
    reason({ fr: "per doit être entre 1s et 24h", en: "per must lie between 1s and 24h" }),
  );

/** Means of the last twelfths of the span: enough to see a slope, little enough to keep. */
interface State {
  parts: { at: number; sum: number; n: number }[];
  active: boolean;
}

const PARTS = 12;
/** A finding ends when the rate has fallen to this share of the limit. */
const END = 0.8;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  create({ rise = Infinity, fall = Infinity, per, level }, { point }): Detector<State> {
    if (!point) throw new Error("rate: needs a point");
    const part = per / PARTS;
    return {
      inputs: [point.id],
      initial: { parts: [], active: false },
      step(state, { item, steady }) {
        const value = item.point === point.id ? numberOf(item) : null;
        if (value === null) return { state };
        const change = changeOver(state, value, steady, part);
        if (change === null) return { state };
        const share = Math.max(change / rise, -change / fall);
        const active = share > (state.active ? END : 1);
        if (active === state.active) return { state };
        state.active = active;
        const { unit } = point.signal;
        const finding = {
          active,
          level,
          score: active ? 1 : 0,
          point: point.id,
          value,
          text: text((l) => {
            const shown = `${nameOfPoint(point)[l]} ${amount(value, unit, l)}`;
            if (!active) return `${shown}, ${{ fr: "change de nouveau lentement", en: "changes slowly again" }[l]}`;
            const sign = change > 0 ? "+" : "";
            return `${shown}, ${sign}${amount(change, unit, l)} ${{ fr: "en", en: "in" }[l]} ${span(per, l)}`;
          }),
        };
        return { state, finding };
      },
    };
  },
});

/** Newest part against the one a whole span ago; null until the span is filled, and after a gap in it. */
function changeOver(state: State, value: number, steady: number, part: number): number | null {
  const at = Math.floor(steady / part);
  const newest = state.parts.at(-1);
  if (newest?.at === at) {
    newest.sum += value;
    newest.n++;
  } else state.parts.push({ at, sum: value, n: 1 });
  while ((state.parts[0]?.at ?? at) < at - PARTS) state.parts.shift();
  const [oldest, now] = [state.parts[0], state.parts.at(-1)];
  if (!oldest || !now || oldest.at !== at - PARTS) return null;
  return now.sum / now.n - oldest.sum / oldest.n;
}
