import pino from "pino";
import type { Cells, Change, Entry } from "../../../gateway/core/log.ts";
import type { Point, PointId } from "../../../gateway/core/point.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";

export const quiet = pino({ level: "silent" });

/** Waits for what is bound to become true; fails loudly when it does not. */
export async function until(holds: () => boolean | Promise<boolean>, within = 15_000, what = "it"): Promise<void> {
  const end = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not so within ${within} ms (${holds})`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

/** Cells without a disk, for tests of what lives in them. */
export class MemoryCells implements Cells {
  readonly #kinds = new Map<string, Map<string, unknown>>();

  async load(kind: string): Promise<Map<string, unknown>> {
    return new Map(this.#kinds.get(kind));
  }

  async commit({ cells = [] }: Change): Promise<void> {
    for (const { kind, key, value } of cells) {
      const map = this.#kinds.get(kind) ?? new Map();
      this.#kinds.set(kind, map);
      if (value === null) map.delete(key);
      else map.set(key, JSON.parse(JSON.stringify(value)));
    }
  }

  /** Everything kept, as text: to look for what should not be there. */
  dump(): string {
    return JSON.stringify([...this.#kinds].map(([kind, map]) => [kind, [...map]]));
  }
}

export const entry = (seq: number, item: Reading, boot = 1): Entry<Reading> => ({
  seq,
  boot,
  steady: steadyMs(seq * 1_000),
  tq: "synced",
  item,
});

export const reading = (point: PointId, value: number, t = 1_700_000_000_000): Reading =>
  good(point, epochMs(t), value);

export const point = (id: PointId, unit = "Cel", every = 1_000): Point => {
  const [machine = "", name = ""] = id.split("/");
  return { id, machine, signal: { name, unit, kind: "gauge", every }, driver: "ligne-1", device: "d" };
};
