import type { Burst } from "./burst.ts";
import type { Cell } from "./log.ts";
import type { Point, PointId } from "./point.ts";
import type { Reading } from "./reading.ts";
import type { Text } from "./text.ts";
import type { EpochMs, Ms } from "./time.ts";

/** What a driver yields. `saved` is called once the batch is on disk, so that a source may forget it (MQTT PUBACK, node ACK). */
export interface Batch {
  readonly readings: readonly Reading[];
  readonly bursts?: readonly Burst[];
  /** Monotonic time (`Clock.monotonic`) of sampling per reading, where the source knows better than "now" (a node's ring). */
  readonly monotonic?: readonly Ms[];
  readonly saved?: () => void;
  /** Small state that is on disk with these readings, or not at all: what a source need not send again. */
  readonly along?: readonly Cell[];
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
  /** How its wires and signals are doing, and the newest frames; for a person who looks for a fault. */
  bus?(): BusReport;
}

/** GET /buses/:driver */
export interface BusReport {
  readonly wires: readonly WireReport[];
  readonly signals: readonly SignalReport[];
}

export interface WireReport {
  /** As the site file writes it. */
  readonly port: string;
  readonly open: boolean;
  /** Share of its time that the wire was in use since it was last asked, in %. */
  readonly use_percent: number;
  /** Frames since the start, both ways; `frames` holds the newest of them. */
  readonly frames_total: number;
  /** What was no answer, by kind. */
  readonly strays: Readonly<Record<string, number>>;
  /** What the wiring doctor says. */
  readonly advice: readonly Text[];
  /** Newest last. */
  readonly frames: readonly Frame[];
}

/**
 * What became of a frame: `asked` is ours, `accepted` an answer; everything else was refused: a wrong `crc`, a `foreign` unit,
 * function or length, another one's question (`masters`), too `late`, our own `echo`, `cut` short, too `early` to be an answer,
 * or a stream that has `lost` its place.
 */
export type Verdict = "asked" | "accepted" | "crc" | "foreign" | "masters" | "late" | "echo" | "cut" | "early" | "lost";

export interface Frame {
  /** Counts the frames of a wire, so that a gap between two looks is seen. */
  readonly n: number;
  readonly t: EpochMs;
  readonly way: "out" | "in";
  readonly hex: string;
  /** In bytes; more than `hex` holds where it was noise without end. */
  readonly length: number;
  readonly verdict: Verdict;
}

export interface SignalReport {
  readonly device: string;
  readonly point: PointId;
  /** Planned. */
  readonly every: Ms;
  /** Measured from number to number; null before the second one. */
  readonly period_p50_ms: number | null;
  readonly period_p95_ms: number | null;
  /** Readings without a number, by reason. */
  readonly errors: Readonly<Record<string, number>>;
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
