import type { Level } from "./detector.ts";
import type { FaultCode } from "./fault.ts";
import type { SignalKind } from "./point.ts";
import type { Text } from "./text.ts";

/** The HTTP contract, about an integrator's work: the site file, devices on a wire, rules over days gone by. */

/** GET /config, POST /config/check, POST /config/edit, PUT /config */
export interface ConfigAnswer {
  text: string;
  /** Says which text somebody saw; a save with an older one is refused. */
  revision: string;
  /** `file:line:column path: message`; empty when it could run. */
  problems: readonly string[];
  /** What drivers say of their plan: bus use, questions per second. Empty while there are problems. */
  report: readonly Text[];
}

/** GET /ports: serial adapters, by the name to write into the site file. */
export interface PortAnswer {
  path: string;
  /** The device node that it leads to now. */
  name: string;
  /** Programs that hold it open. */
  inUseBy: readonly string[];
  /** The name changes with the order of plugging. */
  unstable: boolean;
}

/** GET /profiles */
export interface ProfileAnswer {
  id: string;
  vendor: string;
  model: string;
  signals: readonly { name: string; unit: string; title?: Text }[];
}

/** POST /scan */
export interface ScanRequest {
  /** `/dev/…`, `tcp://host:502` or `rtu+tcp://host:port`. */
  port: string;
  /** Left out: first what a factory-fresh device of any profile would answer, then nothing more. */
  bauds?: number[];
  parities?: ("none" | "even" | "odd")[];
  slaves?: number[];
}

/** A device on a wire, as a person at the page asks it by hand. */
export interface WireRequest {
  port: string;
  slave: number;
  /** As the scan found it; 9600 without parity and one stop bit where left out. */
  baud?: number;
  parity?: "none" | "even" | "odd";
  stopBits?: 1 | 2;
}

/** POST /look: everything that a profile knows of a device, as the device says it now. */
export interface LookRequest extends WireRequest {
  profile: string;
}

/** One signal of POST /look: where it lies, what came over the wire, and what that means. */
export interface LookAnswer {
  signal: string;
  title?: Text;
  unit: string;
  kind: SignalKind;
  table: string;
  /** As it goes over the wire; the first register is 0. */
  at: number;
  type: string;
  /** The bytes as they came, in hexadecimal; null where nothing came. */
  raw: string | null;
  value: number | null;
  why?: FaultCode;
  /** What a healthy installation shows. */
  expect?: readonly [number, number];
}

/** POST /decode: some registers, and with `expect` (what the device's own screen shows) the likeliest ways to read them. */
export interface DecodeRequest extends WireRequest {
  table: "holding" | "input";
  at: number;
  count: number;
  expect?: number;
}

/** One way to read them, likeliest first. */
export interface DecodeAnswer {
  at: number;
  type: string;
  order: string;
  scale: number;
  /** With the scale. */
  value: number;
  /** Within 2 % of what the screen shows. */
  likely: boolean;
}

/** One line of the answer to POST /scan, as it goes; `done` is the last, unless the connection ends before. */
export type ScanLine =
  | { kind: "progress"; asked: number; of: number; baud: number; parity: string; slave: number }
  | {
      kind: "found";
      slave: number;
      baud: number;
      parity: string;
      stopBits: number;
      profiles: readonly { id: string; vendor: string; model: string; score: number }[];
      /** What it says by the first of those profiles: as the device's own screen shows it? */
      sample: readonly { signal: string; value: number; unit: string; title?: Text }[];
    }
  | { kind: "failed"; message: string }
  | { kind: "done"; found: number };

/** POST /backtest: the running rules over the stored readings of [from, to). */
export interface BacktestRequest {
  from: number;
  to: number;
}

/** One line of the answer to POST /backtest, as it goes; `done` is the last, unless the connection ends before. */
export type BacktestLine =
  | { kind: "progress"; at: number; readings: number }
  | {
      kind: "found";
      t: number;
      machine: string;
      point?: string;
      rule: string;
      level: Level;
      part?: string;
      forecast?: { at: number; low: number; high: number } | null;
      text: Text;
    }
  | { kind: "failed"; message: string }
  | {
      kind: "done";
      /** How far it came. */
      at: number;
      readings: number;
      alerts: number;
      watches: number;
      /** Why it ended before `to`: it took too long, or found too much to list. */
      short?: "time" | "many";
    };

/** Plays the rules over the past; ends early when the signal aborts. */
export type Backtest = (request: BacktestRequest, signal: AbortSignal) => AsyncIterable<BacktestLine>;
