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
  readonly #points = new Map<PointId, Spelt>();

  constructor(unit: (point: PointId) => Unit) {
    this.#unit = unit;
  }

  /** A `ReadingMessage`. */
  reading(entry: Entry<Reading>): string {
    return `{${this.#of(entry.item, this.#point(entry.item.point).unit)},"tq":"${entry.tq}","b":${entry.boot},"s":${entry.seq}}`;
  }

  /** A `ScanMessage`. */
  scan(entries: readonly [Entry<Reading>, ...Entry<Reading>[]]): string {
    const [{ item: first, tq, boot }] = entries;
    // Readings of one scan share their time, so it is turned into digits once.
    let [t, time] = [first.t, `${first.t},"v":`];
    let readings = "";
    for (const { item, seq } of entries) {
      const { key, head, tail, unit } = this.#point(item.point);
      if (item.t !== t) [t, time] = [item.t, `${item.t},"v":`];
      const comma = readings && ",";
      if (item.quality === "good" && Number.isFinite(item.value))
        readings += `${comma}${head}${time}${item.value}${tail}${seq}}`;
      else readings += `${comma}${key}:{${this.#of(item, unit)},"s":${seq}}`;
    }
    return `{"t":${first.t},"tq":"${tq}","b":${boot},"r":{${readings}}}`;
  }

  #of(item: Reading, unit: string): string {
    if (item.quality === "good" && Number.isFinite(item.value))
      return `"t":${item.t},"v":${item.value},"u":${unit},"q":"good"`;
    const why = whyOf(item);
    return `"t":${item.t},"v":${JSON.stringify(numberOf(item))},"u":${unit},"q":"${item.quality}"${why ? `,"why":"${why}"` : ""}`;
  }

  #point(id: PointId): Spelt {
    const known = this.#points.get(id);
    if (known) return known;
    const [key, unit] = [JSON.stringify(signalOf(id)), JSON.stringify(this.#unit(id))];
    const point = { key, unit, head: `${key}:{"t":`, tail: `,"u":${unit},"q":"good","s":` };
    this.#points.set(id, point);
    return point;
  }
}

/** What never changes of a point's message; `head` and `tail` stand around time and value of a good reading. */
interface Spelt {
  readonly key: string;
  readonly unit: string;
  readonly head: string;
  readonly tail: string;
}
