import type { Entry } from "./log.ts";
import { machineOf, type PointId, signalOf } from "./point.ts";
import { numberOf, type Reading, whyOf } from "./reading.ts";
import type { Unit } from "./unit.ts";

/** The MQTT contract. Every topic starts `vigie/v1/<site>/`; words that start with `$` are never machines or signals. */
export const topics = {
  reading: (site: string, point: PointId) => `vigie/v1/${site}/${machineOf(point)}/${signalOf(point)}`,
  scan: (site: string, machine: string) => `vigie/v1/${site}/${machine}/$scan`,
  alarm: (site: string, machine: string, alarm: string) => `vigie/v1/${site}/${machine}/$alarm/${alarm}`,
  alarms: (site: string, machine: string) => `vigie/v1/${site}/${machine}/$alarms`,
  heartbeat: (site: string) => `vigie/v1/${site}/$heartbeat`,
  ackFilter: (site: string) => `vigie/v1/${site}/+/$alarm/+/ack`,
  state: (site: string) => `vigie/v1/${site}/$state`,
} as const;

/** The machine and alarm of an acknowledge topic of this site, or undefined for any other topic. */
export function parseAckTopic(site: string, topic: string): { machine: string; alarm: string } | undefined {
  const [root, version, where, machine, kind, alarm, verb, ...rest] = topic.split("/");
  if (root !== "vigie" || version !== "v1" || where !== site || kind !== "$alarm" || verb !== "ack" || rest.length > 0)
    return undefined;
  return machine && alarm ? { machine, alarm } : undefined;
}

/** What one reading looks like on MQTT. `b` and `s` (boot, sequence) tell a repeated message from a new one. */
export interface ReadingMessage {
  /** Epoch ms. */
  t: number;
  /** null when bad. */
  v: number | null;
  u: Unit;
  q: Reading["quality"];
  why?: string;
  tq: Entry<Reading>["tq"];
  b: number;
  s: number;
}

export function readingMessage(entry: Entry<Reading>, unit: Unit): ReadingMessage {
  const why = whyOf(entry.item);
  return {
    t: entry.item.t,
    v: numberOf(entry.item),
    u: unit,
    q: entry.item.quality,
    ...(why && { why }),
    tq: entry.tq,
    b: entry.boot,
    s: entry.seq,
  };
}

/** One message per machine and scan: what was read of it in one go. `r` is by signal; each reading keeps its own `s`. */
export interface ScanMessage {
  t: number;
  tq: Entry<Reading>["tq"];
  b: number;
  r: Record<string, Omit<ReadingMessage, "tq" | "b">>;
}

export const scanMessage = (entries: readonly Entry<Reading>[], unit: (point: PointId) => Unit): ScanMessage => {
  const r: ScanMessage["r"] = {};
  for (const entry of entries) {
    const { tq: _tq, b: _b, ...rest } = readingMessage(entry, unit(entry.item.point));
    r[signalOf(entry.item.point)] = rest;
  }
  const first = entries[0];
  return { t: first?.item.t ?? 0, tq: first?.tq ?? "unsynced", b: first?.boot ?? 0, r };
};
