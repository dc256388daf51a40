import { z } from "zod";
import type { Detector, Finding, MachineState } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { DAY, HOUR, MINUTE, type Ms } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { type Ambient, ambient, ambientOf, asAtFirst, corrected, feel } from "./lib/ambient.ts";
import { timeOfDay } from "./lib/calendar.ts";
import { effectOf } from "./lib/effect.ts";
import { learningOf } from "./lib/learning.ts";
import { duration } from "./lib/options.ts";
import { amount, nameOfPoint, text, whileIn } from "./lib/wording.ts";

/**
 * A value far from what it usually is in this state of the machine at this time of day, for longer than a hiccup. The
 * usual is a clipped mean and spread per state and three hours; it stands still while suspicion lasts, or the fault
 * would be learned. Both must be true: far in terms of its own spread, and far enough to matter. Says nothing in
 * transitions, with the machine off, and in corners that it does not know yet.
 */
const options = z.strictObject({
  learn: duration.prefault("7d"),
});

/** One corner of life: a state of the machine at a time of day. */
interface Cell {
  n: number;
  usual: number;
  spread: number;
}

interface State {
  begun: number | null;
  last: number | null;
  cells: Record<string, Cell>;
  ambient: Ambient;
  /** Rises with time that is strange, leaks with time that is not, in ms. */
  strange: number;
  /** Strange time without a break, in ms. */
  lasting: number;
  level: Finding["level"] | null;
}

const PARTS = 8;
const KNOWN = 120;
const CLIP = 3;
const SPREADS = 6;
/** Strange time until it is shown, and until somebody is sent. */
const WATCH: Ms = 30 * MINUTE;
const ALERT: Ms = 4 * HOUR;
const MEMORY = 5_000;
/** What has been strange for so long is how the machine is now. */
const NEW_LIFE: Ms = 7 * DAY;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  vote: 0.8,
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "gauge" && machine.id !== "gateway" ? { learn: 7 * DAY } : undefined,
  create({ learn }, { point, points, site }): Detector<State> {
    if (!point) throw new Error("baseline: needs a point");
    const phase = timeOfDay(site.timezone);
    const { apart, floor } = effectOf(point.signal.unit, "cautious");
    const longest = 3 * point.signal.every;
    const room = ambientOf(point, points);
    return {
      inputs: room ? [point.id, room] : [point.id],
      initial: { begun: null, last: null, cells: {}, ambient: ambient(), strange: 0, lasting: 0, level: null },
      learning: ({ begun, last }) => learningOf(begun, last, learn),
      step(state, { item, steady }, { state: doing }) {
        if (item.point === room) feel(state.ambient, numberOf(item));
        const felt = item.point === point.id ? numberOf(item) : null;
        if (felt === null || doing === "off" || doing === "transient") return { state };
        const value = asAtFirst(state.ambient, felt);
        state.begun ??= steady;
        const passed = state.last === null ? 0 : Math.min(steady - state.last, longest);
        state.last = steady;
        const cell = cellAt(state, `${doing} ${Math.floor(phase(item.t) * PARTS)}`, value);
        const known = steady - state.begun >= learn && cell.n >= KNOWN;
        const off = value - cell.usual;
        const strange = known && Math.abs(off) > SPREADS * cell.spread && Math.abs(apart(value, cell.usual)) > floor;
        state.strange = Math.max(0, Math.min(2 * ALERT, state.strange + (strange ? passed : -passed / 2)));
        state.lasting = state.strange > 0 ? state.lasting + passed : 0;
        if (state.lasting > NEW_LIFE) Object.assign(state, { begun: null, cells: {}, strange: 0, lasting: 0 });
        else if (!strange && state.strange < WATCH) learnFrom(cell, off);
        return told(state, point, value, cell.usual, doing);
      },
    };
  },
});

function cellAt(state: State, key: string, value: number): Cell {
  const known = state.cells[key];
  if (known) return known;
  const cell: Cell = { n: 0, usual: value, spread: 0 };
  state.cells[key] = cell;
  return cell;
}

function learnFrom(cell: Cell, off: number): void {
  const weight = Math.max(1 / ++cell.n, 1 / MEMORY);
  const reach = cell.n < KNOWN / 2 ? Infinity : CLIP * cell.spread;
  const clipped = Math.max(-reach, Math.min(reach, off));
  cell.usual += weight * clipped;
  // A little more than what is seen, or the clipping would shrink it for ever.
  cell.spread += weight * (1.1 * Math.abs(clipped) - cell.spread);
}

function told(state: State, point: Point, value: number, usual: number, doing: MachineState) {
  const { strange } = state;
  const level =
    strange >= ALERT
      ? "alert"
      : strange >= WATCH
        ? (state.level ?? "watch")
        : strange >= WATCH / 3
          ? state.level
          : null;
  if (level === state.level) return { state };
  state.level = level;
  const finding: Finding = {
    active: level !== null,
    level: level ?? "watch",
    score: level === null ? 0 : Math.min(1, 0.5 + strange / (2 * ALERT)),
    point: point.id,
    value,
    limit: usual,
    text: text((l) => {
      const { unit } = point.signal;
      const shown = `${nameOfPoint(point)[l]} ${amount(value, unit, l)}`;
      if (level === null) return `${shown}, ${{ fr: "de nouveau comme d'habitude", en: "as usual again" }[l]}`;
      const where = doing === "unknown" ? "" : `, ${whileIn[doing][l]}`;
      return `${shown}, ${{ fr: "d'habitude", en: "usually" }[l]} ${amount(usual, unit, l)}${corrected(state.ambient, l)}${where}`;
    }),
  };
  return { state, finding };
}
