import pino from "pino";
import { type Engine, openEngine } from "../../../gateway/alarms/engine.ts";
import { type RuleEntry, ruleHead } from "../../../gateway/alarms/rule.ts";
import { type AlarmSettings, alarmSettings } from "../../../gateway/alarms/settings.ts";
import type { AlarmEvent } from "../../../gateway/core/alarm.ts";
import { HEARTBEAT } from "../../../gateway/core/detector.ts";
import type { FaultCode } from "../../../gateway/core/fault.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Machine, Point, PointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { epochMs, SECOND } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import stale from "../../../gateway/detectors/stale.ts";
import type { DetectorPlugin } from "../../../gateway/plugin.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { Memory } from "../../sim/memory.ts";

export const START = Date.UTC(2026, 2, 2, 8);

export const machine = (id: string): Machine => ({ id, name: sameText(id) });

export const point = (id: PointId, over: Partial<Point> = {}, unit = "Cel"): Point => {
  const [machine = "", name = ""] = id.split("/");
  return {
    id,
    machine,
    driver: "ligne-1",
    device: `d-${name}`,
    signal: { name, unit, kind: "gauge", every: SECOND },
    ...over,
  };
};

/** `limit` entry of the site file for a point. */
export const limitRule = (about: PointId, high: number, head: Record<string, unknown> = {}): RuleEntry => ({
  head: ruleHead.parse({ id: "chaud", type: "limit", point: about, ...head }),
  options: limit.options.parse({ high, deadband: 1 }),
});

export interface ShopParts {
  points?: readonly Point[];
  rules?: readonly RuleEntry[];
  plugins?: ReadonlyMap<string, DetectorPlugin>;
  settings?: Record<string, unknown>;
  /** How the state of every machine is told; learned where left out. */
  state?: NonNullable<Machine["state"]>;
}

/** A workshop in a test: put readings in, let time pass, look at what the alarms did. Survives `restart`. */
export class Shop {
  readonly memory = new Memory<Reading>();
  /** What the engine itself said of the machines. */
  readonly made: Reading[] = [];
  readonly points: readonly Point[];
  readonly meters = new Meters();
  readonly #parts: ShopParts;
  readonly #settings: AlarmSettings;
  #engine: Engine | undefined;
  steady = 10_000;
  /** What a clock step added to the wall time. */
  step = 0;

  private constructor(parts: ShopParts) {
    this.#parts = parts;
    this.points = parts.points ?? [point("tour-2/temp")];
    this.#settings = alarmSettings.parse(parts.settings ?? {});
  }

  static async open(parts: ShopParts = {}): Promise<Shop> {
    const shop = new Shop(parts);
    await shop.restart();
    return shop;
  }

  /** Like `kill -9`: what was not committed is gone. */
  async restart(over: Partial<ShopParts> = {}): Promise<void> {
    Object.assign(this.#parts, over);
    const { state } = this.#parts;
    const machines = new Map(
      [...new Set(this.points.map((p) => p.machine))].map((id) => [id, { ...machine(id), ...(state && { state }) }]),
    );
    this.#engine = await openEngine({
      site: { id: "atelier", name: "Atelier", timezone: "Europe/Paris", language: "fr" },
      machines,
      points: this.points,
      plugins:
        this.#parts.plugins ??
        new Map([
          ["limit", limit],
          ["stale", stale],
        ]),
      rules: this.#parts.rules ?? [],
      settings: this.#settings,
      log: this.memory.log,
      cells: this.memory,
      clock: new VirtualClock(),
      meters: this.meters,
      say: pino({ level: "silent" }),
      emit: (readings) => void this.made.push(...readings),
    });
  }

  get engine(): Engine {
    if (!this.#engine) throw new Error("not open");
    return this.#engine;
  }

  get t() {
    return epochMs(START + this.steady + this.step);
  }

  async put(...readings: Reading[]): Promise<void> {
    const batch = readings.map((reading) => this.memory.put(reading, this.steady));
    await this.engine.apply(batch, "live");
    const last = batch.at(-1);
    if (last) this.memory.cursors.set("alarms", last.seq);
  }

  value(id: PointId, value: number): Promise<void> {
    return this.put(good(id, this.t, value));
  }

  bad(id: PointId, why: FaultCode = "timeout"): Promise<void> {
    return this.put(bad(id, this.t, why));
  }

  /** Lets seconds pass, one heartbeat each; `each` runs before every heartbeat. */
  async pass(seconds: number, each?: () => Reading[]): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.steady += SECOND;
      await this.put(...(each?.() ?? []), good(HEARTBEAT, this.t, 1));
    }
  }

  state(alarm: string): string | undefined {
    return this.engine.get(alarm)?.state;
  }

  get told(): AlarmEvent[] {
    return this.memory.notices.map((entry) => entry.item).filter((event) => event.annunciated);
  }

  get moves(): string[] {
    return this.memory.notices.map(({ item }) => `${item.alarm.id}: ${item.from} → ${item.to}`);
  }
}
