import { z } from "zod";
import type { Detector, Finding } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { HOUR } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { nights, planned } from "./lib/planned.ts";
import { nameOfMachine, number, text } from "./lib/wording.ts";

/**
 * A machine left on for nobody: the energy it draws while idle outside planned time, counted anew each night. Needs a power
 * reading; by default it watches machines that have one. A machine that works at night on purpose is not idle then,
 * and costs nothing here.
 */
const options = z.strictObject({
  planned: planned.prefault({}),
  /** Kilowatt-hours a night from which it is told. */
  above: z.number().positive().default(1),
});

interface State {
  night: number | null;
  kwh: number;
  last: number | null;
  active: boolean;
}

const WATTS: Readonly<Record<string, number>> = { W: 1, kW: 1_000 };

const powerOf = (points: readonly Point[]): Point | undefined =>
  points.find((p) => p.signal.kind === "gauge" && Object.hasOwn(WATTS, p.signal.unit));

export default defineDetector<z.output<typeof options>>({
  options,
  about: "machine",
  design: {
    class: "notice",
    priority: "low",
    action: { fr: "Éteindre la machine après le travail.", en: "Switch the machine off after work." },
  },
  byDefault: ({ points, machine }) => (powerOf(points) && machine.id !== "gateway" ? options.parse({}) : undefined),
  create({ planned, above }, { machine, points, site }): Detector<State> {
    const power = powerOf(points);
    const plan = nights(planned, site.timezone);
    return {
      inputs: power ? [power.id] : [],
      initial: { night: null, kwh: 0, last: null, active: false },
      step(state, { item, steady, tq }, { state: doing }) {
        const drawn = item.point === power?.id ? numberOf(item) : null;
        if (!power || drawn === null || tq === "unsynced" || tq === "bounded") return { state };
        const gap = state.last === null || steady - state.last > 3 * power.signal.every;
        const passed = gap ? 0 : steady - (state.last ?? steady);
        state.last = steady;
        const { open, night } = plan(item.t);
        if (night !== state.night || open) [state.night, state.kwh] = [night, 0];
        const wasted = !open && doing === "idle";
        if (wasted) state.kwh += (Math.max(0, drawn) * (WATTS[power.signal.unit] ?? 1) * passed) / HOUR / 1_000;
        const active = !open && doing !== "off" && state.kwh >= above;
        if (active === state.active) return { state };
        state.active = active;
        const finding: Finding = {
          active,
          level: "watch",
          score: active ? 1 : 0,
          point: power.id,
          value: state.kwh,
          limit: above,
          text: text((l) => {
            const [on, off] = {
              fr: ["allumée pour rien hors des heures prévues, déjà", "n'est plus allumée pour rien"],
              en: ["left on for nothing outside planned hours, so far", "is no longer left on for nothing"],
            }[l];
            const name = nameOfMachine(machine)[l];
            return active ? `${name}${l === "fr" ? " : " : ": "}${on} ${number(state.kwh, l)} kWh` : `${name} ${off}`;
          }),
        };
        return { state, finding };
      },
    };
  },
});
