import { z } from "zod";
import type { Cells } from "../../core/log.ts";
import type { Hole } from "./plan.ts";
import { tables } from "./profile.ts";

const KIND = "modbus";
/** More holes than this in one device mean that its profile is wrong; the newest are forgotten. */
const HOLES_MAX = 200;

const known = z.object({
  holes: z.array(z.object({ table: z.enum(tables), from: z.number(), to: z.number() })).default([]),
  /** Roll-overs counted so far, by point. */
  counters: z.record(z.string(), z.number()).default({}),
});
type Known = z.output<typeof known>;

/** What a driver must not forget over a restart, by device: holes in the register maps, and how often counters went round. */
export class Memory {
  readonly #cells: Cells;
  readonly #driver: string;
  readonly #devices: Map<string, Known>;

  constructor(cells: Cells, driver: string, devices: Map<string, Known>) {
    this.#cells = cells;
    this.#driver = driver;
    this.#devices = devices;
  }

  static async load(cells: Cells, driver: string): Promise<Memory> {
    const devices = new Map<string, Known>();
    for (const [key, value] of await cells.load(KIND)) {
      const [owner, device = ""] = key.split("/");
      const parsed = known.safeParse(value);
      if (owner === driver && parsed.success) devices.set(device, parsed.data);
    }
    return new Memory(cells, driver, devices);
  }

  holes(device: string): readonly Hole[] {
    return this.#of(device).holes;
  }

  offset(device: string, point: string): number {
    return this.#of(device).counters[point] ?? 0;
  }

  setHoles(device: string, holes: readonly Hole[]): Promise<void> {
    this.#of(device).holes = holes.slice(0, HOLES_MAX).map((hole) => ({ ...hole }));
    return this.#save(device);
  }

  setOffset(device: string, point: string, offset: number): Promise<void> {
    this.#of(device).counters[point] = offset;
    return this.#save(device);
  }

  #of(device: string): Known {
    const found = this.#devices.get(device) ?? { holes: [], counters: {} };
    this.#devices.set(device, found);
    return found;
  }

  #save(device: string): Promise<void> {
    const value = this.#of(device);
    return this.#cells.commit({ cells: [{ kind: KIND, key: `${this.#driver}/${device}`, value }], urgent: false });
  }
}
