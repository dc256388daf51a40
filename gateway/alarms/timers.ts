import type { SteadyMs } from "../core/time.ts";
import type { LifeEvent } from "./lifecycle.ts";
import type { AlarmRecord } from "./record.ts";

/** What it means that a timer has run out. */
const means = [
  ["on", "true"],
  ["off", "false"],
  ["settle", "settled"],
  ["shelf", "shelf-over"],
  ["realarm", "realarm"],
] as const;

/** Takes the timers of an alarm that have run out, one after the other. Delays of a condition wait while its input is bad. */
export function* ripe(record: AlarmRecord, steady: SteadyMs): Generator<LifeEvent> {
  for (const [timer, kind] of means) {
    const at = record.timers[timer];
    if (at === undefined || steady < at || (record.life.frozen && (timer === "on" || timer === "off"))) continue;
    delete record.timers[timer];
    yield { kind };
  }
}

/** The input is bad: what the process says is what it said before. */
export function freeze(record: AlarmRecord, steady: SteadyMs): void {
  record.life = { ...record.life, frozen: true };
  record.quality = "bad";
  record.frozenAt = steady;
}

/** Time with a bad input counts for no delay. */
export function thaw(record: AlarmRecord, steady: SteadyMs): void {
  if (!record.life.frozen) return;
  record.life = { ...record.life, frozen: false };
  record.quality = "good";
  const away = steady - (record.frozenAt ?? steady);
  if (record.timers.on !== undefined) record.timers.on += away;
  if (record.timers.off !== undefined) record.timers.off += away;
  delete record.frozenAt;
}
