import { readFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { parse } from "yaml";
import { clock } from "../../../gateway/clock.ts";
import type { Driver } from "../../../gateway/core/driver.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Reading } from "../../../gateway/core/reading.ts";
import plugin from "../../../gateway/drivers/modbus.ts";
import type { DriverContext } from "../../../gateway/plugin.ts";
import { Memory } from "../memory.ts";

export const profiles = join(import.meta.dirname, "../../../config/profiles");

/** A driver's surroundings, with the real profiles; `lines` holds what it logged. */
export function driverContext(
  id = "ligne-1",
): DriverContext & { lines: string[]; cells: Memory<never>; meters: Meters } {
  const lines: string[] = [];
  const say = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  return {
    id,
    site: { id: "atelier", name: "Atelier", timezone: "Europe/Paris", language: "fr" },
    clock,
    meters: new Meters(),
    say,
    machines: new Map(),
    cells: new Memory<never>(),
    profile: (name) => {
      try {
        return parse(readFileSync(join(profiles, `${name}.yaml`), "utf8"));
      } catch {
        return undefined;
      }
    },
    lines,
  };
}

/** The modbus driver for these options however much they ask of the bus: for measuring its limits. */
export const greedyDriver = (options: unknown): Driver => plugin.create(plugin.options.parse(options), driverContext());

/** A device with one register, read as `tour-2/r`. */
export const device = {
  id: "d",
  slave: 1,
  every: "100ms",
  machine: "tour-2",
  signals: { r: { at: 10, table: "input", type: "u16" } },
};

/** The modbus driver for these options, as the config loader would make it. */
export function modbusDriver(options: unknown, context = driverContext()): Driver {
  const parsed = plugin.options.parse(options);
  const { problems } = plugin.examine?.(parsed, context) ?? { problems: [] };
  if (problems.length > 0) throw new Error(problems.map((p) => `${p.path.join(".")}: ${p.message.en}`).join("\n"));
  return plugin.create(parsed, context);
}

/** Runs a driver and counts what it yields, until `stop`; keeps the readings unless told not to. */
export class Running {
  readonly readings: Reading[] = [];
  batches = 0;
  good = 0;
  bad = 0;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(driver: Driver, keep = true) {
    this.#done = (async () => {
      for await (const { readings } of driver.run(this.#ending.signal)) {
        this.batches++;
        for (const reading of readings) this[reading.quality === "bad" ? "bad" : "good"]++;
        if (keep) this.readings.push(...readings);
      }
    })();
  }

  of(point: string): Reading[] {
    return this.readings.filter((reading) => reading.point === point);
  }

  /** The newest reading of each point, as its number or its `why`. */
  get latest(): Record<string, number | string> {
    return Object.fromEntries(this.readings.map((r) => [r.point, r.quality === "good" ? r.value : r.why]));
  }

  async until(holds: () => boolean, limit = 10_000): Promise<void> {
    const end = performance.now() + limit;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`not so after ${limit} ms; latest: ${JSON.stringify(this.latest)}`);
      await Promise.race([this.#done, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }
}
