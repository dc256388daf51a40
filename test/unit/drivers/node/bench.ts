import pino from "pino";
import type { Burst } from "../../../../gateway/core/burst.ts";
import type { Batch, Driver } from "../../../../gateway/core/driver.ts";
import type { Change } from "../../../../gateway/core/log.ts";
import { Meters } from "../../../../gateway/core/meter.ts";
import type { Machine } from "../../../../gateway/core/point.ts";
import type { Reading } from "../../../../gateway/core/reading.ts";
import { type Clock, epochMs } from "../../../../gateway/core/time.ts";
import node from "../../../../gateway/drivers/node.ts";
import type { DriverContext } from "../../../../gateway/plugin.ts";

const machine: Machine = { id: "tour-2", name: { fr: "Tour", en: "Lathe" } };

export const clock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

/** The driver as `supervise` runs it, with cells that survive it and everything it yields in lists. */
export class DriverBench {
  readonly meters = new Meters();
  readonly lines: string[] = [];
  readonly readings: (Reading & { at: number })[] = [];
  /** Those of them that reached the disk before `stop`. */
  readonly stored: Reading[] = [];
  readonly bursts: Burst[] = [];
  readonly driver: Driver;
  /** False: the disk takes nothing, `saved` is withheld. */
  saves = true;
  readonly #cells: Map<string, unknown>;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: unknown, cells = new Map<string, unknown>()) {
    this.#cells = cells;
    const context: DriverContext = {
      id: "capteurs-1",
      site: { id: "atelier", name: "Atelier", timezone: "Europe/Paris", language: "fr" },
      clock,
      meters: this.meters,
      say: pino({ base: null }, { write: (line: string) => this.lines.push(JSON.parse(line).msg) }),
      machines: new Map([[machine.id, machine]]),
      profile: () => undefined,
      cells: {
        load: async () => cells,
        commit: async (change: Change) => {
          for (const { key, value } of change.cells ?? []) cells.set(key, value);
        },
      },
    };
    this.driver = node.create(node.options.parse(options), context);
    this.#done = this.#pull();
  }

  values(point: string): number[] {
    return this.readings.flatMap((r) => (r.point === point && r.quality !== "bad" ? [r.value] : []));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #pull(): Promise<void> {
    for await (const batch of this.driver.run(this.#stop.signal)) this.#take(batch);
  }

  /** One transaction, as the store does it. */
  #save(batch: Batch): void {
    if (this.#stop.signal.aborted) return;
    this.stored.push(...batch.readings);
    for (const { key, value } of batch.along ?? []) this.#cells.set(key, value);
    batch.saved?.();
  }

  #take(batch: Batch): void {
    for (const [i, reading] of batch.readings.entries())
      this.readings.push({ ...reading, at: batch.monotonic?.[i] ?? 0 });
    this.bursts.push(...(batch.bursts ?? []));
    if (this.saves) setTimeout(() => this.#save(batch), 20);
  }
}

/** Waits for a condition; fails with what it waited for. */
export async function until(what: string, condition: () => boolean, deadline = 60_000): Promise<void> {
  const end = performance.now() + deadline;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadline} ms in vain for: ${what}`);
    await clock.sleep(10);
  }
}
