import { z } from "zod";
import type { Detector, Finding, MachineState } from "../core/detector.ts";
import { type FaultCode, faults } from "../core/fault.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import { MINUTE } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { level } from "./lib/options.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * The sensor before the machine: a wire broken, a value frozen or at its stop, a temperature that leaps as no temperature
 * can, a vibration sensor that no longer feels the running machine, a signal that has lost its noise. While it holds, findings about the machine from this
 * point count for nothing. It stays silent on a signal that never moved, and knows a frozen value only by how long
 * this signal has held still before.
 */
const options = z.strictObject({ level: level.default("watch") });

type Fault = "wire" | "stop" | "frozen" | "leap" | "loose" | "numb";

interface State {
  value: number | null;
  /** Steady ms since which the value has not moved, the readings since, and the most of them there have been before. */
  still: number;
  repeats: number;
  longest: number;
  changes: number;
  /** The greatest change from one reading to the next that was believed. */
  step: number;
  /** Usual level per state of the machine, for vibration. */
  felt: Partial<Record<MachineState, { n: number; level: number }>>;
  numb: number;
  /** Usual and newest size of the changes while the machine runs, and how many there were. */
  hum: { n: number; usual: number; now: number };
  wire: number;
  stop: number;
  /** The level before a leap, and the readings since. */
  leapt: { from: number; n: number } | null;
  fault: Fault | null;
  why: FaultCode | null;
}

/** NAMUR NE 43: below and above these a 4–20 mA loop is broken or shorted, not low or high. */
const LOOP = { open: 3.6, short: 21 };
/** Bad readings that mean the sensor, not the bus. */
const SENSOR: readonly FaultCode[] = ["sensor_open", "sensor_short", "no_sensor", "saturated", "out_of_range"];
const PERSIST = 5;
/** A value is frozen after so many times its longest rest, and never before ten minutes. */
const FROZEN = { times: 5, readings: 60, ms: 10 * MINUTE, changes: 100 };
/** Kelvin in one reading that no part of a machine does, and how far beyond all earlier steps. */
const LEAP = { kelvin: 10, times: 5 };
/** A running machine felt at less than this share of its usual vibration: the sensor hangs loose. */
const LOOSE = { share: 0.2, n: 50, readings: 30 };
/** A live signal trembles. Changes that have shrunk to this share of the usual ones, the mean of so many, are no signal any more. */
const HUM = { share: 0.02, n: 300, mean: 1 / 30, usual: 0.002 };
const SHAKES: readonly string[] = ["mm/s", "m/s2", "[g]"];

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  design: {
    class: "notice",
    priority: "low",
    consequence: {
      fr: "La machine n'est plus surveillée par ce capteur.",
      en: "The machine is no longer watched by this sensor.",
    },
    action: {
      fr: "Vérifier la fixation et le câble du capteur.",
      en: "Check the mounting and the cable of the sensor.",
    },
  },
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "gauge" && machine.id !== "gateway" ? { level: "watch" } : undefined,
  create({ level }, { point }): Detector<State> {
    if (!point) throw new Error("sensor-fault: needs a point");
    return {
      inputs: [point.id],
      initial: {
        value: null,
        still: 0,
        repeats: 0,
        longest: 0,
        changes: 0,
        step: 0,
        felt: {},
        numb: 0,
        hum: { n: 0, usual: 0, now: 0 },
        wire: 0,
        stop: 0,
        leapt: null,
        fault: null,
        why: null,
      },
      step(state, entry, { state: doing }) {
        if (entry.item.point !== point.id) return { state };
        const fault = diagnose(state, entry, point, doing);
        if (fault === state.fault) return { state };
        state.fault = fault;
        return { state, finding: told(point, state, level) };
      },
    };
  },
});

/** The gravest fault that holds after this entry, or null. */
function diagnose(state: State, { item, steady }: Entry<Reading>, point: Point, doing: MachineState): Fault | null {
  if (item.quality === "bad") {
    // A silent bus says nothing of the sensor; that is for `stale`.
    if (!SENSOR.includes(item.why)) return state.fault;
    state.wire++;
    state.why = item.why;
    return state.wire >= PERSIST ? "wire" : state.fault;
  }
  const { value } = item;
  const broken = point.signal.unit === "mA" && (value < LOOP.open || value > LOOP.short);
  state.wire = broken ? state.wire + 1 : 0;
  if (broken) state.why = value < LOOP.open ? "sensor_open" : "sensor_short";
  if (state.wire >= PERSIST) return "wire";
  const hushed = hums(state, value, doing);
  const frozen = rests(state, value, steady, doing);
  const leap = leaps(state, value, point);
  const loose = hangs(state, value, point, doing);
  state.stop = atStop(value, point) ? state.stop + 1 : 0;
  state.value = value;
  if (state.stop >= 4 * PERSIST) return "stop";
  if (leap) return "leap";
  if (loose) return "loose";
  if (hushed) return "numb";
  return frozen ? "frozen" : null;
}

/** Only the upper stop: a machine that is off is at the lower one. */
const atStop = (value: number, { signal: { range } }: Point): boolean =>
  range !== undefined && value >= range[1] - 1e-3 * (range[1] - range[0]);

/** A machine that is off rests; only a value that rests while it works is frozen. */
function rests(state: State, value: number, steady: number, doing: MachineState): boolean {
  if (value !== state.value) {
    if (state.value !== null) state.changes++;
    if (state.fault !== "frozen") state.longest = Math.max(state.longest, state.repeats);
    state.still = steady;
    state.repeats = 0;
    return false;
  }
  if (doing === "off" || doing === "idle") {
    state.still = steady;
    return state.fault === "frozen";
  }
  state.repeats++;
  const readings = Math.max(FROZEN.readings, FROZEN.times * state.longest);
  return state.changes >= FROZEN.changes && state.repeats > readings && steady - state.still > FROZEN.ms;
}

function leaps(state: State, value: number, { signal: { unit } }: Point): boolean {
  if (unit !== "Cel" || state.value === null) return false;
  const step = Math.abs(value - state.value);
  if (state.leapt) {
    const back = Math.abs(value - state.leapt.from) < LEAP.kelvin / 2;
    // A level that has stayed is believed in the end: the sensor was moved, or it was true.
    if (back || ++state.leapt.n > 600) state.leapt = null;
  } else if (state.changes > 20 && step > Math.max(LEAP.kelvin, LEAP.times * state.step)) {
    state.leapt = { from: state.value, n: 1 };
  } else state.step = Math.max(state.step, step);
  return state.leapt !== null && state.leapt.n >= PERSIST;
}

function hangs(state: State, value: number, { signal: { unit } }: Point, doing: MachineState): boolean {
  if (!SHAKES.includes(unit) || doing !== "running") {
    state.numb = 0;
    return state.fault === "loose" && doing !== "running";
  }
  const usual = state.felt.running ?? { n: 0, level: value };
  const numb = usual.n > LOOSE.n && value < LOOSE.share * usual.level;
  state.numb = numb ? state.numb + 1 : 0;
  if (!numb) usual.level += Math.max(1 / ++usual.n, 0.002) * (value - usual.level);
  state.felt.running = usual;
  return state.numb >= LOOSE.readings;
}

/**
 * True while the changes of a running machine's signal have all but vanished. Only changes count, so that the steps of a
 * coarse signal stay what they are, however rare; a signal that does not change at all is `frozen`.
 */
function hums({ hum, value: before, fault }: State, value: number, doing: MachineState): boolean {
  if (doing !== "running" || before === null || value === before) return fault === "numb";
  const step = Math.abs(value - before);
  const n = ++hum.n;
  hum.now += Math.max(1 / n, HUM.mean) * (step - hum.now);
  const hushed = n > HUM.n && hum.now < HUM.share * hum.usual;
  if (!hushed) hum.usual += Math.max(1 / n, HUM.usual) * (Math.min(step, n > 20 ? 5 * hum.usual : step) - hum.usual);
  return hushed;
}

const said: Readonly<Record<Exclude<Fault, "wire">, Text>> = {
  stop: { fr: "en butée de mesure", en: "at the end of its range" },
  frozen: { fr: "ne bouge plus du tout : capteur figé ?", en: "does not move at all any more: sensor frozen?" },
  leap: {
    fr: "a sauté comme aucune température ne le peut : capteur ou câble ?",
    en: "leapt as no temperature can: sensor or cable?",
  },
  numb: {
    fr: "a perdu son bruit habituel : capteur ou conversion ?",
    en: "has lost its usual noise: sensor or converter?",
  },
  loose: {
    fr: "ne sent plus la machine en marche : capteur desserré ?",
    en: "no longer feels the running machine: sensor loose?",
  },
};

function told(point: Point, { fault, value, why }: State, level: Finding["level"]): Finding {
  const words = fault === null ? well : fault === "wire" ? faults[why ?? "unknown"] : said[fault];
  return {
    active: fault !== null,
    level,
    score: fault === null ? 0 : 0.9,
    point: point.id,
    part: "sensor",
    silences: point.id,
    ...(value !== null && { value }),
    text: text((l) => {
      const shown = value === null || fault === "wire" ? "" : ` ${amount(value, point.signal.unit, l)}`;
      return `${nameOfPoint(point)[l]}${shown}${l === "fr" ? " : " : ": "}${words[l]}`;
    }),
  };
}

const well: Text = { fr: "le capteur mesure de nouveau", en: "the sensor measures again" };
