import { z } from "zod";
import type { Detector, Finding } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { DAY } from "../core/time.ts";
import { localTime } from "../core/zone.ts";
import { defineDetector } from "../plugin.ts";
import { weekday } from "./lib/calendar.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * The pace of a counter: what a day brought (pieces, cycles, kilowatt-hours, litres) against the usual of such days, work
 * days and week-ends apart. Told when the day is over. Lies on holidays, and when the orders change.
 */
const options = z.strictObject({
  /** The share by which a day must differ. */
  share: z.number().gt(0).lt(1).default(0.4),
});

interface State {
  /** The counter's last value, and the local day it belongs to. */
  last: number | null;
  day: number | null;
  today: number;
  /** The newest days of each kind: work days, week-end days. */
  usual: [number[], number[]];
  active: boolean;
}

const DAYS_KEPT = 20;
const DAYS_NEEDED = 5;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  design: { class: "notice", priority: "low" },
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "counter" && machine.id !== "gateway" ? { share: 0.4 } : undefined,
  create({ share }, { point, site }): Detector<State> {
    if (!point) throw new Error("counter: needs a point");
    const local = localTime(site.timezone);
    return {
      inputs: [point.id],
      initial: { last: null, day: null, today: 0, usual: [[], []], active: false },
      step(state, { item, tq }) {
        const value = item.point === point.id ? numberOf(item) : null;
        // Without a believable calendar there are no days.
        if (value === null || tq === "unsynced" || tq === "bounded") return { state };
        const day = Math.floor(local(item.t) / DAY);
        // A counter that goes back has rolled over or was replaced: what it counted meanwhile is unknown.
        const more = state.last === null || value < state.last ? 0 : value - state.last;
        state.last = value;
        const before = state.day;
        state.day = day;
        if (before === null || day <= before) {
          state.today += more;
          return { state };
        }
        const brought = state.today;
        state.today = more;
        // A day of which only a part was seen says nothing.
        return day === before + 1 ? closed(state, point, brought, before, share) : { state };
      },
    };
  },
});

function closed(state: State, point: Point, brought: number, day: number, share: number) {
  const free = weekday(day * DAY) > 4;
  const days = state.usual[free ? 1 : 0];
  const sorted = [...days].sort((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 0;
  days.push(brought);
  if (days.length > DAYS_KEPT) days.shift();
  // Further out than any such day before, and by a share that matters.
  const off = brought - usual;
  const beyond = brought < low || brought > high;
  const active = sorted.length >= DAYS_NEEDED && beyond && Math.abs(off) > share * Math.max(usual, Number.MIN_VALUE);
  if (active === state.active) return { state };
  state.active = active;
  const { unit } = point.signal;
  const finding: Finding = {
    active,
    level: "watch",
    score: active ? Math.min(1, Math.abs(off) / Math.max(usual, Math.abs(off))) : 0,
    point: point.id,
    value: brought,
    limit: usual,
    text: text((l) => {
      const kind = free
        ? { fr: "un jour de week-end", en: "on a day of the week-end" }[l]
        : { fr: "un jour de semaine", en: "on a work day" }[l];
      const [day, as] = { fr: ["en un jour", "d'habitude"], en: ["in a day", "usually"] }[l];
      return `${nameOfPoint(point)[l]} ${amount(brought, unit, l)} ${day}, ${as} ${amount(usual, unit, l)} ${kind}`;
    }),
  };
  return { state, finding };
}
