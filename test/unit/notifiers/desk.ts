import { tmpdir } from "node:os";
import { clock } from "../../../gateway/clock.ts";
import type { Alarm, AlarmAction, AlarmEvent, Alarms, Notifier } from "../../../gateway/core/alarm.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import type { NotifierContext, NotifierPlugin } from "../../../gateway/plugin.ts";
import { MemoryCells, quiet } from "../../sim/peers/kit.ts";

export const T = epochMs(Date.UTC(2026, 2, 2, 13, 5));

export const alarm = (over: Partial<Alarm> = {}): Alarm => ({
  id: "chaud",
  machine: "fraiseuse-3",
  point: "fraiseuse-3/spindle_temp",
  rule: "chaud",
  class: "alarm",
  priority: "high",
  level: "alert",
  state: "unacked",
  active: true,
  occurrence: 1,
  since: T,
  text: { fr: "T° broche 82 > 75 °C", en: "Spindle temperature 82 > 75 °C" },
  value: 82,
  limit: 75,
  action: { fr: "Couper l'avance", en: "Stop the feed" },
  ...over,
});

export const event = (over: Partial<AlarmEvent> = {}): AlarmEvent => ({
  t: T,
  alarm: alarm(),
  from: "normal",
  to: "unacked",
  by: "system",
  reason: "true",
  quality: "good",
  annunciated: true,
  ...over,
});

/** Alarms that write down who put a hand on them. */
export class Hands implements Alarms {
  readonly acts: { id: string; action: AlarmAction }[] = [];
  refuse: Error | undefined;
  list = () => [alarm()];
  get = () => alarm();
  async act(id: string, action: AlarmAction): Promise<Alarm> {
    if (this.refuse) throw this.refuse;
    this.acts.push({ id, action });
    return alarm({ state: "acked" });
  }
}

export const context = (over: Partial<NotifierContext> = {}): NotifierContext => ({
  id: "canal",
  site: { id: "nord", name: "Nord", timezone: "Europe/Paris", language: "fr" },
  clock,
  meters: new Meters(),
  say: quiet,
  machines: new Map([["fraiseuse-3", { id: "fraiseuse-3", name: { fr: "Fraiseuse 3", en: "Mill 3" } }]]),
  alarms: new Hands(),
  broker: undefined,
  outputs: new Map(),
  cells: new MemoryCells(),
  folder: tmpdir(),
  ...over,
});

export const make = (
  plugin: NotifierPlugin,
  options: object,
  over: Partial<NotifierContext> = {},
): Notifier & { close?(): Promise<void> } => plugin.create(plugin.options.parse(options), context(over));

export const patient = () => AbortSignal.timeout(10_000);
