import type { Logger } from "pino";
import type { AlarmEvent, Alarms } from "../core/alarm.ts";
import type {
  Backtest,
  ConfigAnswer,
  DecodeAnswer,
  DecodeRequest,
  LogLine,
  LookAnswer,
  LookRequest,
  PortAnswer,
  ProfileAnswer,
  ScanLine,
  ScanRequest,
  SystemAnswer,
  WaterfallAnswer,
} from "../core/api.ts";
import type { Burst } from "../core/burst.ts";
import type { MachineState } from "../core/detector.ts";
import type { BusReport, DeviceStatus } from "../core/driver.ts";
import type { Historian } from "../core/history.ts";
import type { Cells, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { NoticeDesk } from "../core/notice.ts";
import type { AlarmOffice } from "../core/office.ts";
import type { Machine, Point, PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import type { Language, Text } from "../core/text.ts";
import type { Clock, EpochMs, SteadyMs, TimeQuality } from "../core/time.ts";
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
  /** Undefined where the sink that the site file names for it keeps none. */
  historian: Historian | undefined;
  readings: Pick<Log<Reading>, "head">;
  notices: Log<AlarmEvent>;
  bursts?: Log<Burst>;
  /** Power by frequency of a burst, in g². */
  spectrum?(samples: ArrayLike<number>, rate: number): { power: ArrayLike<number>; step: number };
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
  /** Deliveries, duty, drills, and the links that acknowledge. */
  postman?: NoticeDesk;
  /** The open case of each machine that has one. */
  cases?(): readonly { readonly machine: string }[];
  /** What pages ask about the alarms beyond their list. */
  office?: AlarmOffice;
  commissioning?: CommissioningDoor;
  /** The running rules over days gone by. */
  backtest?: Backtest;
  /** Vibration by frequency over weeks, from the history. */
  waterfall?(
    source: { point: PointId; rate: number },
    from: EpochMs,
    to: EpochMs,
    rows: number,
  ): Promise<WaterfallAnswer>;
  store?: StoreDoor;
  /** Clients of the embedded broker. */
  broker?: BrokerDoor;
  /** The end of the gateway's own log, newest first. */
  logLines?(): readonly LogLine[];
  /** Bytes that the process holds; NaN where nobody can tell. */
  memory(): number;
  /** Which releases are installed; undefined where it was not installed but only started. */
  releases?(): SystemAnswer["releases"];
}

/** Wires, as the commissioning page looks at them. Reads only. */
export interface CommissioningDoor {
  ports(): Promise<PortAnswer[]>;
  profiles(): ProfileAnswer[];
  scan(request: ScanRequest, signal: AbortSignal, language: Language): AsyncIterable<ScanLine>;
  /** Undefined for a profile that there is not. */
  look(request: LookRequest): Promise<LookAnswer[] | undefined>;
  decode(request: DecodeRequest): Promise<DecodeAnswer[]>;
}

/** The store, as the system page uses it. */
export interface StoreDoor {
  timeQuality(): TimeQuality;
  /** The time of the readings, which is not always what the wall clock says. */
  now(): EpochMs;
  /** Somebody says what time it is, on a box that no time source tells. */
  setTime(now: EpochMs, by: string): void;
  /** A consistent copy of everything, while it runs. */
  backup(file: string): Promise<void>;
  /** Rejects, in words, a file that is no sound backup. */
  check(file: string): Promise<void>;
  /** Starts anew with that backup in place of what is there, which is kept aside. Undefined where nobody can start it anew. */
  restore?(file: string): Promise<void>;
}

/** The embedded broker's list of clients. */
export interface BrokerDoor {
  /** What a new client can be: `reader`, `operator`, `edge`, `device`. */
  readonly presets: readonly string[];
  list(): readonly { name: string; created: number; publish: readonly string[]; subscribe: readonly string[] }[];
  connected(): readonly { id: string; name: string; address: string }[];
  /** Makes a client (or gives an old one a new password) and tells its password, once. */
  create(name: string, preset: string): Promise<string>;
  revoke(name: string): Promise<boolean>;
}

export interface DriverView {
  type: string;
  state(): "running" | "restarting";
  devices(): readonly DeviceStatus[];
  /** Its wires and signals, for drivers that know. */
  bus?(): BusReport | undefined;
  /** Vibration sensors and the rate of their bursts. */
  bursts?(): readonly { point: PointId; rate: number }[];
}

export interface MachineView {
  state: MachineState;
  /** 0 … 100; null while nothing is known. */
  health: number | null;
  reasons?: readonly Text[];
  learning?: { readonly seen: number; readonly needed: number } | null;
}

/** The site file, as a page edits it. */
export interface ConfigDoor {
  file: string;
  /** Problems as `file:line:column path: message` in that language, none when it could run; and what drivers say of their plan (bus use). */
  check(yaml: string, language: Language): Promise<Pick<ConfigAnswer, "problems" | "report">>;
  /** Runs that file from now on (it has been checked and written). Rejects when it does not start. */
  apply?(): Promise<void>;
}
