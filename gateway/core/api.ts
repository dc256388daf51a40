import type { Alarm, AlarmEvent, AlarmState, Priority } from "./alarm.ts";
import type { Forecast, Level, MachineState } from "./detector.ts";
import type { DeviceStatus } from "./driver.ts";
import type { FaultCode } from "./fault.ts";
import type { Bucket } from "./history.ts";
import type { Machine, PointId, SignalKind } from "./point.ts";
import type { Quality } from "./reading.ts";
import type { Language, Text } from "./text.ts";
import type { EpochMs, Ms, TimeQuality } from "./time.ts";

/**
 * The HTTP contract under `/api/v1`, as the server answers and the page reads it. Times are epoch ms, ages and periods ms,
 * lists bare arrays; a bad value is null with its `why`. Fields may be added, never renamed or removed.
 */

/** GET /site */
export interface SiteAnswer {
  id: string;
  name: string;
  timezone: string;
  language: Language;
  version: string;
  now: EpochMs;
  /** True when the page may be used without an account (loopback only). */
  open: boolean;
}

/** GET /machines */
export interface MachineAnswer {
  id: string;
  name: Text;
  kind?: string;
  class?: Machine["class"];
  code: string;
  state: MachineState;
  /** 0 … 100; null while nothing is known yet. */
  health: number | null;
  /** How much of its normal has been seen; null: enough, left out: unknown. */
  learning?: { seen: Ms; needed: Ms } | null;
  points: PointId[];
  /** Alarms that are not normal. */
  alarms: number;
}

/** GET /points, and the SSE event `points` (an array of these). */
export interface PointAnswer {
  id: PointId;
  value: number | null;
  unit: string;
  quality: Quality;
  why?: FaultCode;
  t: EpochMs | null;
  /** Since the reading arrived, by monotonic time; null before the first one. */
  age: Ms | null;
  machine: string;
  title?: Text;
  kind: SignalKind;
  every: Ms;
  range?: readonly [number, number];
  labels?: Readonly<Record<number, Text>>;
  /** Not for lists: a band of a spectrum. */
  detail?: true;
}

/** GET /history?point=&from=&to=&buckets= */
export interface HistoryAnswer {
  point: PointId;
  unit: string;
  buckets: readonly Bucket[];
}

/** GET /alarms, and the SSE event `alarm` (one of these). */
export interface AlarmAnswer extends Omit<Alarm, "text" | "forecast"> {
  id: string;
  machine: string;
  rule: string;
  state: AlarmState;
  priority: Priority;
  level: Level;
  since: EpochMs;
  /** In the language asked for by `?lang=`, else the site's. */
  text: string;
  texts: Text;
  part?: string;
  forecast?: Forecast | null;
}

/** POST /alarms/{id}/ack */
export interface AckRequest {
  comment?: string;
}

/** The SSE event `state`: how the gateway itself is. */
export interface StateAnswer {
  now: EpochMs;
  /** Seconds since start. */
  uptime: number;
  log: "ok" | "degraded";
  drivers: Readonly<Record<string, "running" | "restarting">>;
  /** Entries each follower still has before it. */
  behind: Readonly<Record<string, number>>;
}

/** Every error body. */
export interface ErrorAnswer {
  error: string;
  message: string;
  /** Where in the request, as `body.comment` or `query.buckets`. */
  where?: string;
}

/** GET /alarms/history: one line per transition, newest first. */
export interface AlarmEventAnswer extends Omit<AlarmEvent, "alarm"> {
  seq: number;
  alarm: AlarmAnswer;
}

/** GET /devices: one per driver. */
export interface DriverAnswer {
  driver: string;
  type: string;
  state: "running" | "restarting";
  devices: readonly DeviceStatus[];
}

/** What people may do, each including what stands before it. `wall` is a screen: it looks and nothing else. */
export const roles = ["wall", "viewer", "maintenance", "integrator", "admin"] as const;

export type Role = (typeof roles)[number];

/** GET /session */
export interface SessionAnswer {
  /** null for a stranger. */
  user: string | null;
  role: Role | null;
  /** No account is needed here. */
  open: boolean;
  /** There is no account yet: the page asks for the code that the console shows. */
  setup: boolean;
  language: Language;
}

/** GET /users */
export interface UserAnswer {
  name: string;
  role: Exclude<Role, "wall">;
  created: number;
  disabled: boolean;
}

/** GET /sessions (one's own), GET /walls */
export interface OpenSessionAnswer {
  id: string;
  name: string;
  role: Role;
  created: number;
  seen: number;
  address: string;
  agent: string;
  /** The one that asks. */
  current?: boolean;
}

/** GET /audit */
export interface AuditAnswer {
  n: number;
  t: number;
  /** Monotonic ms: tells the order even when somebody sets the clock. */
  mono: number;
  who: string;
  from: string;
  what: string;
  detail: string;
  prev: string;
  hash: string;
}

/** GET /system */
export interface SystemAnswer {
  version: string;
  node: string;
  hostname: string;
  /** Seconds since start. */
  uptime: number;
  clock: { now: number; quality: TimeQuality };
  memory: { rss: number; total: number };
  /** Bytes; `perDay` and `daysLeft` are null until the folder was watched for an hour, `daysLeft` also when it does not grow. */
  disk: { free: number; total: number; used: number; perDay: number | null; daysLeft: number | null };
  queues: Readonly<Record<string, number>>;
  log: "ok" | "degraded";
}

/** GET /machines/{id}/notes, newest first; POST the same without id, t, machine, by. */
export interface NoteAnswer {
  id: string;
  t: number;
  machine: string;
  by: string;
  kind: "note" | "problem" | "repair";
  text: string;
  /** GET /photos/{photo}; made by POST /photos with the image as the body. */
  photo?: string;
}

/** GET /spectra?point=&from=&to=&limit=&bins=, newest first */
export interface SpectrumAnswer {
  seq: number;
  t: number;
  point: string;
  /** Samples per second, and how many. */
  rate: number;
  samples: number;
  /** Shaft turns per second, where known. */
  shaft?: number;
  clipped: boolean;
  /** Hz per line, and the amplitude of each line in g (r.m.s.); where lines are put together, the highest stands. */
  step: number;
  amplitude: number[];
}

/** GET /energy?from=&to= */
export interface EnergyAnswer {
  from: number;
  to: number;
  /** Per kWh; null where the site file says none. */
  price: number | null;
  currency: string | null;
  /** Grams per kWh, and where that figure comes from. */
  co2: { grams: number; source: string } | null;
  machines: readonly MachineEnergy[];
}

export interface MachineEnergy {
  machine: string;
  /** null where nothing is known. */
  kwh: number | null;
  /** `counter`: an energy meter counted it. `power`: summed up from power readings. */
  from: "counter" | "power" | null;
  byState: Readonly<Record<MachineState, number>>;
  cost: number | null;
  /** What was used while it ran idle. */
  idleCost: number | null;
  /** Kilograms. */
  co2: number | null;
}

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
