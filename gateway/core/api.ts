import type { Alarm, AlarmState, Priority } from "./alarm.ts";
import type { Forecast, Level, MachineState } from "./detector.ts";
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
