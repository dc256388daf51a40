import { z } from "zod";
import { type Detector, type Finding, HEARTBEAT } from "../core/detector.ts";
import { type FaultCode, faults } from "../core/fault.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
import { numberOf, type Reading, whyOf } from "../core/reading.ts";
import { type Ms, SECOND } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { duration, level } from "./lib/options.ts";
import { nameOfPoint, span, text } from "./lib/wording.ts";

/**
 * A point that no longer brings numbers: silence, or nothing but bad readings. Time comes from the heartbeat, so a
 * silence is noticed though nothing arrives. Time in which the gateway itself was away counts for nobody.
 */
const options = z.strictObject({
  /** How long without a number; five planned readings, but at least 30 s, where it is left out. */
  after: duration.optional(),
  level: level.default("watch"),
});

interface State {
  boot: number;
  /** Steady ms of the last number, moved on over our own absences. */
  heard: number;
  /** Steady ms of the last entry of any kind. */
  seen: number;
  why: FaultCode | null;
  active: boolean;
}

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  design: {
    class: "notice",
    priority: "low",
    action: {
      fr: "Vérifier le câble, l'alimentation et l'adresse de l'appareil.",
      en: "Check the cable, the supply and the address of the device.",
    },
  },
  byDefault: () => ({ level: "watch" }),
  create({ after, level }, { point }): Detector<State | null> {
    if (!point) throw new Error("stale: needs a point");
    const patience = after ?? Math.max(5 * point.signal.every, 30 * SECOND);
    return {
      inputs: [point.id],
      initial: null,
      step(before, entry) {
        const state = moved(before, entry, patience);
        if (entry.item.point === point.id) {
          const silent = numberOf(entry.item) === null;
          state.why = whyOf(entry.item) ?? null;
          if (!silent) state.heard = entry.steady;
        } else if (entry.item.point !== HEARTBEAT) return { state };
        const silence = entry.steady - state.heard;
        const active = state.active ? silence > 0 : silence >= patience;
        if (active === state.active) return { state };
        state.active = active;
        return { state, finding: found(point, state, active, active ? silence : 0, level) };
      },
    };
  },
});

/** After a restart, or when nobody's time passed for a while, the wait begins anew: we were deaf, not the sensor dumb. */
function moved(before: State | null, entry: Entry<Reading>, patience: Ms): State {
  if (!before) return { boot: entry.boot, heard: entry.steady, seen: entry.steady, why: null, active: false };
  const away = entry.boot !== before.boot || entry.steady - before.seen >= patience;
  if (away) before.heard += entry.steady - before.seen;
  before.boot = entry.boot;
  before.seen = entry.steady;
  return before;
}

function found(point: Point, { why }: State, active: boolean, silence: Ms, level: Finding["level"]): Finding {
  const name = nameOfPoint(point);
  return {
    active,
    level,
    score: active ? 1 : 0,
    point: point.id,
    part: "sensor",
    text: text((l) => {
      if (!active) return `${name[l]}${{ fr: " : donne de nouveau des valeurs", en: ": brings numbers again" }[l]}`;
      const since = { fr: " : plus de valeur depuis", en: ": no number for" }[l];
      return `${name[l]}${since} ${span(silence, l)}${why ? ` (${faults[why][l]})` : ""}`;
    }),
  };
}
