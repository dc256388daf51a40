import type { Logger } from "pino";
import type { AlarmEvent, Alarms } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import type { MachineState } from "../core/detector.ts";
import type { DeviceStatus } from "../core/driver.ts";
import type { Historian } from "../core/history.ts";
import type { Cells, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Machine, Point, PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import type { Clock, SteadyMs } from "../core/time.ts";
import type { Site } from "../plugin.ts";
import type { WebSettings } from "./settings.ts";

/** What `main.ts` hands to the web server: everything that a page may ask about. Optional parts answer 404 where missing. */
export interface WebParts {
  settings: WebSettings;
  site: Site;
  version: string;
  clock: Clock;
  say: Logger;
  meters: Meters;
  machines: ReadonlyMap<string, Machine>;
  points: ReadonlyMap<PointId, Point>;
  drivers: ReadonlyMap<string, DriverView>;
  alarms: Alarms;
  /** Undefined where no sink keeps history. */
  historian: Historian | undefined;
  readings: Pick<Log<Reading>, "head">;
  notices: Log<AlarmEvent>;
  bursts?: Log<Burst>;
  cells: Cells;
  /** Now, in the time of `Entry.steady`. */
  steady(): SteadyMs;
  /** What a machine does and how well it is. */
  machineView(machine: string): MachineView;
  /** Entries that each follower still has before it. */
  behind(): Readonly<Record<string, number>>;
  logState(): "ok" | "degraded";
  /** Where certificates, photos and the audit list are kept. */
  folder: string;
  /** The built dashboard; undefined where it was not built. */
  dashboard: string | undefined;
  config?: ConfigDoor;
}

export interface DriverView {
  type: string;
  state(): "running" | "restarting";
  devices(): readonly DeviceStatus[];
}

export interface MachineView {
  state: MachineState;
  /** 0 … 100; null while nothing is known. */
  health: number | null;
  reasons?: readonly Text[];
}

/** The site file, as a page edits it. */
export interface ConfigDoor {
  file: string;
  /** Every error as `file:line:column path: message`; empty when it could run. */
  check(yaml: string): Promise<readonly string[]>;
  /** Runs that file from now on (it has been checked and written). Rejects when it does not start. */
  apply?(): Promise<void>;
}
