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

/** One message per machine and scan: what was read of it in one go. `r` is by signal; each reading keeps its own `s`. */
export interface ScanMessage {
  t: number;
  tq: Entry<Reading>["tq"];
  b: number;
  r: Record<string, Omit<ReadingMessage, "tq" | "b">>;
}

/**
 * Spells both messages for one site. By hand, because at 10,000 readings a second the objects that `JSON.stringify` wants
 * would cost more than all else that a sink does; what never changes of a point is spelled once.
 */
export class Spelling {
  readonly #unit: (point: PointId) => Unit;
  readonly #points = new Map<PointId, { key: string; unit: string }>();

  constructor(unit: (point: PointId) => Unit) {
    this.#unit = unit;
  }

  /** A `ReadingMessage`. */
  reading(entry: Entry<Reading>): string {
    return `{${this.#of(entry.item, this.#point(entry.item.point).unit)},"tq":"${entry.tq}","b":${entry.boot},"s":${entry.seq}}`;
  }

  /** A `ScanMessage`. */
  scan(entries: readonly [Entry<Reading>, ...Entry<Reading>[]]): string {
    let readings = "";
    for (const { item, seq } of entries) {
      const { key, unit } = this.#point(item.point);
      readings += `${readings && ","}${key}:{${this.#of(item, unit)},"s":${seq}}`;
    }
    const [{ item, tq, boot }] = entries;
    return `{"t":${item.t},"tq":"${tq}","b":${boot},"r":{${readings}}}`;
  }

  #of(item: Reading, unit: string): string {
    if (item.quality === "good" && Number.isFinite(item.value))
      return `"t":${item.t},"v":${item.value},"u":${unit},"q":"good"`;
    const why = whyOf(item);
    return `"t":${item.t},"v":${JSON.stringify(numberOf(item))},"u":${unit},"q":"${item.quality}"${why ? `,"why":"${why}"` : ""}`;
  }

  #point(id: PointId): { key: string; unit: string } {
    const known = this.#points.get(id);
    if (known) return known;
    const point = { key: JSON.stringify(signalOf(id)), unit: JSON.stringify(this.#unit(id)) };
    this.#points.set(id, point);
    return point;
  }
}
