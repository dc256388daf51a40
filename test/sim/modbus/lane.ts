import pino from "pino";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Reading } from "../../../gateway/core/reading.ts";
import type { Language } from "../../../gateway/core/text.ts";
import { type Clock, epochMs } from "../../../gateway/core/time.ts";
import { ModbusBus } from "../../../gateway/drivers/modbus/bus.ts";
import { costOf, paceOf } from "../../../gateway/drivers/modbus/copper.ts";
import { Lane, type LaneDevice } from "../../../gateway/drivers/modbus/lane.ts";
import { Ledger } from "../../../gateway/drivers/modbus/ledger.ts";
import { modbusOptions } from "../../../gateway/drivers/modbus/options.ts";
import { type Hole, limitsOf } from "../../../gateway/drivers/modbus/plan.ts";
import { resolveDevices } from "../../../gateway/drivers/modbus/resolve.ts";
import { InProcessWire, VirtualTimer } from "./wire.ts";

/** A clock on the wire's own virtual time. */
export const clockOf = (timer: VirtualTimer): Clock => ({
  now: () => epochMs(Date.UTC(2026, 2, 2) + Math.floor(timer.now())),
  monotonic: () => timer.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = timer.after(ms, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        reject(signal.reason);
      });
    }),
});

/** A whole serial line in virtual time: the driver's own code from the schedule to the frames, with in-process slaves. */
export class VirtualLine {
  readonly timer = new VirtualTimer();
  readonly wire: InProcessWire;
  readonly lane: Lane;
  readonly readings: Reading[] = [];
  readonly lines: string[] = [];
  /** What would be on disk. */
  readonly holes = new Map<string, readonly Hole[]>();
  readonly meters = new Meters();
  /** How often the adapter was reset. */
  resets = 0;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(
    written: { baud?: number; devices: readonly unknown[]; retries?: number; timeout?: string },
    language: Language = "en",
  ) {
    const options = modbusOptions.parse({ port: "/dev/x", ...written });
    const { devices } = resolveDevices(options, { id: "ligne-1", profile: () => undefined });
    const pace = paceOf(options);
    this.wire = new InProcessWire(this.timer, pace.char);
    const bus = new ModbusBus({ name: "ligne-1", ...pace, paced: true, open: this.wire.open, timer: this.timer });
    const known = devices.map(
      ({ options: { id }, tags, slave }): LaneDevice => ({
        id,
        about: {},
        ledger: new Ledger(
          this.meters,
          "ligne-1",
          id,
          tags.map((tag) => tag.point),
          () => this.timer.now(),
        ),
        slave,
        alone: devices.length === 1,
        tags,
        texts: [],
        limits: limitsOf(),
        cost: costOf(pace),
        holes: [],
        timeout: options.timeout,
        retries: options.retries,
        pause: 0,
      }),
    );
    const lane = new Lane(bus, known, {
      driver: "ligne-1",
      port: "/dev/x",
      baud: options.baud,
      language,
      clock: clockOf(this.timer),
      say: pino({}, { write: (line: string) => void this.lines.push(JSON.parse(line).msg) }),
      reset: async () => {
        this.resets++;
        return "done";
      },
      remember: (device, holes) => void this.holes.set(device, holes),
      counters: (_, tags) => tags.map(() => undefined),
    });
    this.lane = lane;
    this.#done = (async () => {
      for await (const { readings } of lane.run(this.#ending.signal)) this.readings.push(...readings);
    })();
  }

  of(point: string, quality?: Reading["quality"]): Reading[] {
    return this.readings.filter((r) => r.point === point && (!quality || r.quality === quality));
  }

  async pass(ms: number): Promise<void> {
    // The codec is loaded from disk, in real time.
    while (!this.lane.bus.isOpen) await new Promise((resolve) => setImmediate(resolve));
    return this.timer.pass(ms);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.timer.run(this.#done);
  }
}

/** Signals `r<from>` … in a row of holding registers. */
export const words = (count: number, from = 0) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `r${from + i}`,
      { at: from + i, table: "holding", type: "u16", unit: "1" },
    ]),
  );
