import type { Burst } from "./burst.ts";
import type { Point, PointId } from "./point.ts";
import type { Reading } from "./reading.ts";
import type { Ms } from "./time.ts";

/** What a driver yields. `saved` is called once the batch is on disk, so that a source may forget it (MQTT PUBACK, node ACK). */
export interface Batch {
  readonly readings: readonly Reading[];
  readonly bursts?: readonly Burst[];
  /** Monotonic time (`Clock.monotonic`) of sampling per reading, where the source knows better than "now" (a node's ring). */
  readonly monotonic?: readonly Ms[];
  readonly saved?: () => void;
}

/**
 * Turns field bytes into readings, at its own pace. A dead device is bad readings at its usual pace, never an exception;
 * what `run` throws is a broken driver, which `supervise` restarts with back-off.
 */
export interface Driver {
  readonly points: readonly Point[];
  run(signal: AbortSignal): AsyncIterable<Batch>;
  /** Coils and registers declared as writable. Nothing else can ever be written. */
  readonly outputs?: readonly Output[];
  /** Sensors that send raw vibration; what is made of it becomes points of its own. */
  readonly bursts?: readonly BurstSource[];
  /** What it sees on its wire now, for the pages and the terminal. */
  devices?(): readonly DeviceStatus[];
}

/** A sensor and axis that sends bursts. `point` is the bursts' name; no reading carries it. */
export interface BurstSource {
  readonly point: PointId;
  readonly device: string;
  /** Samples per second. */
  readonly rate: number;
  /** The planned time between two bursts. */
  readonly every: Ms;
}

/** A device on the wire, as a page shows it. */
export interface DeviceStatus {
  id: string;
  /** `new` has announced itself and is on no machine yet. */
  state: "ok" | "silent" | "degraded" | "new";
  /** Model, firmware, address: what a person would ask. */
  about: Readonly<Record<string, string | number>>;
  /** Channels that a `new` device offers. */
  channels?: readonly { name: string; unit: string; kind: string; every: Ms }[];
}

/** A declared coil or register (a stack light). Writes queue on the same wire as the questions. */
export interface Output {
  readonly id: string;
  write(value: number, signal: AbortSignal): Promise<void>;
}

/** A bus is copper: one exchange at a time; after a timeout the wire rests before another question is asked. */
export interface Bus<Wire> {
  exchange<T>(ask: (wire: Wire) => Promise<T>, timeout: Ms): Promise<T>;
  close(): Promise<void>;
}
