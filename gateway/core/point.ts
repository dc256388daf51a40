import { reason, type Text } from "./text.ts";
import type { Ms } from "./time.ts";
import type { Unit } from "./unit.ts";

/** `machine/signal`, as in `tour-2/oil_pressure`. Nobody downstream of a driver needs to know the device. */
export type PointId = `${string}/${string}`;

export const ID_PATTERN = /^[a-z0-9_-]{1,64}$/;

export const ID_REASON = reason({
  fr: "seulement a-z, 0-9, _ et - (64 au plus)",
  en: "only a-z, 0-9, _ and - (at most 64)",
});

export const PLACE_REASON = reason({
  fr: "signal, ou machine/signal, avec a-z, 0-9, _ et -",
  en: "signal, or machine/signal, of a-z, 0-9, _ and -",
});

export const pointId = (machine: string, signal: string): PointId => `${machine}/${signal}`;

export const machineOf = (point: PointId): string => point.slice(0, point.indexOf("/"));

export const signalOf = (point: PointId): string => point.slice(point.indexOf("/") + 1);

/** `gauge`: goes up and down. `counter`: only up, but for a roll-over or a replacement. `state`: a number that stands for a word. */
export type SignalKind = "gauge" | "counter" | "state";

/** What is measured, whatever device measures it. */
export interface Signal {
  name: string;
  unit: Unit;
  kind: SignalKind;
  /** The planned time between two readings. */
  every: Ms;
  /** Values outside are impossible, not merely alarming: they become `bad`, `out_of_range`. */
  range?: readonly [low: number, high: number];
  /** Words for the numbers of a `state`, by value. */
  labels?: Readonly<Record<number, Text>>;
  /** How people call it; the name where it is left out. */
  title?: Text;
  /** For charts and machines (a band of a spectrum): not in lists, and without rules of its own. */
  detail?: true;
}

/** A signal of a machine, and where it comes from. */
export interface Point {
  id: PointId;
  machine: string;
  signal: Signal;
  driver: string;
  device: string;
  /** Set where it is not read by itself but made from the raw vibration of that device. */
  made?: "burst";
}

/** A machine as the site file describes it. `class`: ISO 10816-1 machine class. `kind`: pictogram and templates (lathe, compressor, …). */
export interface Machine {
  id: string;
  name: Text;
  kind?: string;
  class?: "I" | "II" | "III" | "IV";
  /** What is written on its QR label; the id where it is left out. */
  code?: string;
  /** Bearing designations by part, as in `{ spindle: "6205" }`. */
  bearings?: Readonly<Record<string, string>>;
  /** How its state is told where it is not to be learned: a signal, and the values up to which it is off and idle. */
  state?: {
    signal?: string | undefined;
    off?: number | undefined;
    idle?: number | undefined;
    dwell?: string | undefined;
  };
}
