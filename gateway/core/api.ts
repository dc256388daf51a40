import type { Alarm, AlarmEvent, AlarmState, Priority } from "./alarm.ts";
import type { Forecast, Level, MachineState } from "./detector.ts";
import type { DeviceStatus } from "./driver.ts";
import type { FaultCode } from "./fault.ts";
import type { Bucket } from "./history.ts";
import type { Machine, PointId, SignalKind } from "./point.ts";
import type { Quality } from "./reading.ts";
import type { Language, Text } from "./text.ts";
import type { EpochMs, Ms } from "./time.ts";

/**
 * The HTTP contract under `/api/v1`, as the server answers and the page reads it. Times are epoch ms, ages and periods ms,
 * lists bare arrays; a bad value is null with its `why`. Fields may be added, never renamed or removed.
 */

export type * from "./api-box.ts";
export type * from "./api-work.ts";

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

/** GET /waterfall?point=&from=&to=&rows=: levels by third-octave over days and weeks. */
export interface WaterfallAnswer {
  point: string;
  /** Centres of the bands, Hz. */
  bands: readonly number[];
  /** In decibels of 1 g; null where there was nothing. */
  rows: readonly { t: number; levels: readonly (number | null)[] }[];
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
