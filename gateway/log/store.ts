import type { Logger } from "pino";
import type { AlarmEvent } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import type { Historian } from "../core/history.ts";
import type { Cells, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Point } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import type { Clock, EpochMs, SteadyMs, TimeQuality } from "../core/time.ts";
import type { StoreSettings } from "./settings.ts";

export interface StoreOptions {
  /** The data folder; made when it is not there. One gateway at a time. */
  folder: string;
  clock: Clock;
  meters: Meters;
  say: Logger;
  /** Which points are counters, so that roll-ups know. */
  points?: Iterable<Point>;
  /** The `store:` key of the site file; its defaults where left out. */
  settings?: StoreSettings;
  /** How to tell whether the wall clock is right; by default what this machine says. */
  evidence?: TimeEvidence;
}

/** `ntp`: a time source says so now. `battery`: the machine keeps time when it is off. `none`: nobody knows. */
export type TimeEvidence = () => Promise<"ntp" | "battery" | "none">;

/** Everything that is on disk. The main thread never opens the database: two workers do. */
export interface Store {
  readings: Log<Reading>;
  notices: Log<AlarmEvent>;
  bursts: Log<Burst>;
  cells: Cells;
  history: Historian;
  time: StoreTime;
  /** `degraded`: the disk has not taken a commit for 2 s; everything goes on from memory. */
  state(): "ok" | "degraded";
  /** A consistent copy of the whole store, while it runs. */
  backup(file: string): Promise<void>;
  /** Commits what waits, then lets go of the folder. */
  close(): Promise<void>;
}

/** The time as the store believes it, which is not always what the wall clock says. */
export interface StoreTime {
  readonly boot: number;
  quality(): TimeQuality;
  now(): EpochMs;
  steady(): SteadyMs;
  /** An operator says what time it is. */
  set(now: EpochMs, by: string): Promise<void>;
}

export async function openStore(_options: StoreOptions): Promise<Store> {
  throw new Error("not written yet");
}
