import { z } from "zod";
import type { Detector, Finding } from "../core/detector.ts";
import type { Machine, Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { HOUR, type Ms } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { nights, planned } from "./lib/planned.ts";
import { nameOfMachine, number, text } from "./lib/wording.ts";

/**
 * Leaks in the compressed air, from the compressor's power alone: at night nobody uses air, so the share of time under load
 * is the share of its output that leaks. The middle of seven nights against the first seven. Says nothing on nights when
 * the compressor is switched off, and is misled by a machine that uses air at night.
 */
const options = z.strictObject({
  planned: planned.prefault({}),
  /** The rise over the first nights that is told, as a share of them. */
  rise: z.number().positive().default(0.2),
});

interface State {
  night: number | null;
  load: Ms;
  unload: Ms;
  last: number | null;
  /** Leak in per cent, the newest nights. */
  nights: number[];
  usual: number | null;
  active: boolean;
}

const NIGHTS = 7;
/** A night counts when the compressor was on for so long. */
const LEAST: Ms = HOUR;
/** Points of leak below which a rise is not worth a walk. */
const POINTS = 3;

const powerOf = (points: readonly Point[]): Point | undefined =>
  points.find((p) => p.signal.kind === "gauge" && ["W", "kW", "A"].includes(p.signal.unit));

export default defineDetector<z.output<typeof options>>({
  options,
  about: "machine",
  vote: 1,
  byDefault: ({ machine, points }) =>
    machine.kind === "compressor" && powerOf(points) ? options.parse({}) : undefined,
  create({ planned, rise }, { machine, points, site }): Detector<State> {
    const power = powerOf(points);
    const plan = nights(planned, site.timezone);
    return {
      inputs: power ? [power.id] : [],
      initial: { night: null, load: 0, unload: 0, last: null, nights: [], usual: null, active: false },
      step(state, { item, steady, tq }, { state: doing }) {
        if (!power || item.point !== power.id || numberOf(item) === null || tq === "unsynced" || tq === "bounded")
          return { state };
        const gap = state.last === null || steady - state.last > 3 * power.signal.every;
        const passed = gap ? 0 : steady - (state.last ?? steady);
        state.last = steady;
        const { open, night } = plan(item.t);
        if (!open) {
          state.night ??= night;
          if (doing === "running") state.load += passed;
          else if (doing === "idle") state.unload += passed;
        }
        if (!open && night === state.night) return { state };
        return closed(state, open ? null : night, machine, rise);
      },
    };
  },
});

/** The night is over: what it says, and what the last seven say together. */
function closed(
  state: State,
  next: number | null,
  machine: Machine,
  rise: number,
): { state: State; finding?: Finding } {
  const on = state.load + state.unload;
  const leak = (100 * state.load) / on;
  const counts = state.night !== null && on >= LEAST;
  [state.night, state.load, state.unload] = [next, 0, 0];
  if (!counts) return { state };
  state.nights.push(leak);
  if (state.nights.length > NIGHTS) state.nights.shift();
  if (state.nights.length < NIGHTS) return { state };
  const now = [...state.nights].sort((a, b) => a - b)[Math.floor(NIGHTS / 2)] ?? leak;
  state.usual ??= now;
  const { usual } = state;
  const active = now > Math.max(usual * (1 + rise), usual + POINTS);
  if (active === state.active) return { state };
  state.active = active;
  const finding: Finding = {
    active,
    level: active ? "alert" : "watch",
    score: active ? 0.9 : 0,
    value: now,
    limit: usual,
    part: "leak",
    text: text((l) => {
      const [leaks, was] = {
        fr: ["% de l'air fuit la nuit, au début", "%"],
        en: ["% of the air leaks at night, at first", "%"],
      }[l];
      return `${nameOfMachine(machine)[l]}${l === "fr" ? " : " : ": "}${number(now, l)} ${leaks} ${number(usual, l)} ${was}`;
    }),
  };
  return { state, finding };
}
