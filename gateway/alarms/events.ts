import type { Alarm, AlarmEvent } from "../core/alarm.ts";
import type { MachineState } from "../core/detector.ts";
import { type AlarmRecord, type AlarmRule, alarmOf, type Moment, newRecord } from "./record.ts";

type Said = Pick<AlarmEvent, "from" | "by" | "reason"> & { readonly loud: boolean; readonly doing: MachineState };

/** The line of the notices log about an alarm that has just moved. Only alerts of class `alarm` call people. */
export function moveEvent(record: AlarmRecord, rule: AlarmRule, { t }: Moment, { loud, ...said }: Said): AlarmEvent {
  const alarm = alarmOf(record, rule);
  const annunciated = loud && record.level === "alert" && rule.design.class === "alarm";
  return { t, alarm, to: alarm.state, quality: record.quality, annunciated, ...said };
}

/** Sent with the test button: through the whole chain, where every writer marks it TEST; the alarm itself does not move. A rule that never spoke can be tested too. */
export function testEvent(known: AlarmRecord | undefined, rule: AlarmRule, { t }: Moment, by: string): AlarmEvent {
  const alarm: Alarm = alarmOf(known ?? newRecord(rule, trial, t), rule);
  const { state } = alarm;
  return { t, alarm, from: state, to: state, by, reason: "test", quality: "good", annunciated: true, test: true };
}

const trial = {
  active: true,
  level: "alert",
  score: 1,
  text: { fr: "essai, rien à faire", en: "test, nothing to do" },
} as const;
