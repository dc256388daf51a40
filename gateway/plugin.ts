import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Logger } from "pino";
import type { z } from "zod";
import type { AlarmDesign, Alarms, Notifier } from "./core/alarm.ts";
import type { Detector } from "./core/detector.ts";
import type { Driver } from "./core/driver.ts";
import type { Historian } from "./core/history.ts";
import type { Cells, Follower } from "./core/log.ts";
import type { Meters } from "./core/meter.ts";
import type { Machine, Point } from "./core/point.ts";
import type { Reading } from "./core/reading.ts";
import type { Language, Text } from "./core/text.ts";
import type { Clock } from "./core/time.ts";

/**
 * The four kinds of plugin. One file in `drivers/`, `sinks/`, `detectors/` or `notifiers/` is one `type:` of the YAML list of
 * the same name; its default export is what one of the `define…` functions below returned. Creating a plugin opens nothing:
 * work begins in `run`, `apply`, `step` or `notify`.
 */
export interface Site {
  id: string;
  name: string;
  /** IANA zone; only calendars and pages use it. */
  timezone: string;
  language: Language;
}

/** What every plugin gets. */
export interface Context {
  /** The `id:` of this entry of the site file. */
  id: string;
  site: Site;
  clock: Clock;
  meters: Meters;
  say: Logger;
  machines: ReadonlyMap<string, Machine>;
}

export interface DriverContext extends Context {
  /** The parsed YAML of `config/profiles/<name>.yaml`, or undefined; the driver checks it against its own schema. */
  profile(name: string): unknown;
  /** Small state of its own that survives (hole maps, learned timeouts). */
  cells: Cells;
  /** The embedded broker; there once the driver runs. */
  readonly broker?: EmbeddedBroker | undefined;
}

export interface SinkContext extends Context {
  points: ReadonlyMap<string, Point>;
  broker: EmbeddedBroker | undefined;
  /** The store's own answers about the past: what the `sqlite` sink hands on. */
  history?: Historian;
  /** Small state of its own that survives. */
  cells?: Cells;
}

/** The gateway's own way into the embedded MQTT broker. */
export interface EmbeddedBroker {
  /** Where others reach it, for log lines. */
  url: string;
  /** QoS 1 unless told otherwise; `done` is called when everybody who is there has it (or was given up), and it is kept for those who are away. */
  publish(
    message: { topic: string; payload: string | Buffer; retain?: boolean; qos?: 0 | 1 },
    done: (error?: Error | null) => void,
  ): void;
  /** Hands on what matches, the retained ones once. A publisher's PUBACK waits until it is taken. Resolves to the way out. */
  subscribe(
    filter: string,
    take: (topic: string, payload: Buffer, retained: boolean) => Promise<void> | void,
  ): Promise<() => void>;
}

export interface DetectorContext {
  id: string;
  site: Site;
  machine: Machine;
  /** The point that the rule is about; undefined for rules about a whole machine. */
  point: Point | undefined;
  /** All points of that machine. */
  points: readonly Point[];
}

export interface NotifierContext extends Context {
  alarms: Alarms;
  broker: EmbeddedBroker | undefined;
  outputs: ReadonlyMap<string, { write(value: number, signal: AbortSignal): Promise<void> }>;
  cells: Cells;
  /** The data folder, for a key file of its own. */
  folder: string;
}

/** Something wrong in a plugin's options, by its path in them. */
export interface Problem {
  path: readonly (string | number)[];
  message: Text;
}

/** What a driver says of its options beyond their shape: problems refuse the file, the report is printed by `vigie check`. */
export interface Examination {
  problems: readonly Problem[];
  report?: readonly Text[];
}

export interface DriverPlugin<O = unknown> {
  kind: "driver";
  options: z.ZodType<O>;
  examine?(options: O, context: DriverContext): Examination;
  create(options: O, context: DriverContext): Driver;
}

export interface SinkPlugin<O = unknown> {
  kind: "sink";
  options: z.ZodType<O>;
  create(options: O, context: SinkContext): Sink;
}

/** A follower of the readings log; one that also answers questions about the past is a historian. */
export interface Sink extends Follower<Reading> {
  history?: Historian;
  close?(): Promise<void>;
}

export interface DetectorPlugin<O = unknown> {
  kind: "detector";
  options: z.ZodType<O>;
  /** Whether the rule is about one `point:` or a whole `machine:`. */
  about: "point" | "machine";
  /** How an alarm of this type behaves unless the site file says otherwise (priority, delays, cause, action …). */
  design?: Partial<AlarmDesign>;
  /** How much its findings weigh in the machine's case; left out: each rule of this type is an alarm of its own. */
  vote?: number;
  /** The options that a point or machine gets when the site file says nothing; undefined for "not here". */
  byDefault?(context: DetectorContext): O | undefined;
  create(options: O, context: DetectorContext): Detector;
}

export interface NotifierPlugin<O = unknown> {
  kind: "notifier";
  options: z.ZodType<O>;
  /** The outputs that it will write to, by the option that names each: a driver must declare them. */
  outputs?(options: O): Readonly<Record<string, string | undefined>>;
  create(options: O, context: NotifierContext): Notifier & { close?(): Promise<void> };
}

// The type parameter is the plugin's own business: outside, options are what its schema let through.
export const defineDriver = <O>(plugin: Omit<DriverPlugin<O>, "kind">) =>
  erase<DriverPlugin>({ kind: "driver", ...plugin });
export const defineSink = <O>(plugin: Omit<SinkPlugin<O>, "kind">) => erase<SinkPlugin>({ kind: "sink", ...plugin });
export const defineDetector = <O>(plugin: Omit<DetectorPlugin<O>, "kind">) =>
  erase<DetectorPlugin>({ kind: "detector", ...plugin });
export const defineNotifier = <O>(plugin: Omit<NotifierPlugin<O>, "kind">) =>
  erase<NotifierPlugin>({ kind: "notifier", ...plugin });

const erase = <P>(plugin: unknown): P => plugin as P;

export interface Plugins {
  drivers: ReadonlyMap<string, DriverPlugin>;
  sinks: ReadonlyMap<string, SinkPlugin>;
  detectors: ReadonlyMap<string, DetectorPlugin>;
  notifiers: ReadonlyMap<string, NotifierPlugin>;
}

/** Scans the four folders; the file name is the type. */
export async function loadPlugins(): Promise<Plugins> {
  const [drivers, sinks, detectors, notifiers] = await Promise.all([
    scan<DriverPlugin>("drivers", "driver"),
    scan<SinkPlugin>("sinks", "sink"),
    scan<DetectorPlugin>("detectors", "detector"),
    scan<NotifierPlugin>("notifiers", "notifier"),
  ]);
  return { drivers, sinks, detectors, notifiers };
}

async function scan<P extends { kind: string }>(folder: string, kind: P["kind"]): Promise<ReadonlyMap<string, P>> {
  const path = join(import.meta.dirname, folder);
  const files = (await readdir(path, { withFileTypes: true })).filter((f) => f.isFile() && f.name.endsWith(".ts"));
  const found = await Promise.all(
    files.map(async (file) => {
      const { default: plugin } = (await import(pathToFileURL(join(path, file.name)).href)) as { default?: P };
      if (plugin?.kind !== kind) throw new Error(`${folder}/${file.name}: its default export is not a ${kind} plugin`);
      return [basename(file.name, ".ts"), plugin] as const;
    }),
  );
  return new Map(found);
}
