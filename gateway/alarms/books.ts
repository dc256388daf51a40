import { createHash } from "node:crypto";
import type { Alarm, AlarmEvent } from "../core/alarm.ts";
import type { Cells, OwnFollower } from "../core/log.ts";
import type { EpochMs } from "../core/time.ts";
import { shown } from "./lifecycle.ts";
import { type AlarmRecord, alarmOf, listed } from "./record.ts";
import { plainDesign, type Rule } from "./rule.ts";
import type { Watch } from "./watch.ts";

/** What alarms have to write down, and what is still on its way there. */
export interface Books {
  /** In the order of the calls, one at a time. With `learned` the detectors' memory goes with it. */
  write(events: readonly AlarmEvent[], seq?: number, learned?: boolean): Promise<void>;
  /** Alarms of rules that are no longer in the site file are over. */
  retire(orphans: readonly AlarmRecord[], t: EpochMs): Promise<void>;
}

/** The name of the engine in the store: its place in the log and its checkpoint. */
export const NAME = "alarms" satisfies OwnFollower;

/** Alarms, the engine's place in the log and the notices move in one transaction. A failed one keeps everything for the next. */
export function openBooks(cells: Cells, rules: readonly Rule[], watch: Watch): Books {
  const prints = new Map(rules.map((rule) => [rule.id, printOf(rule)]));
  const { desk } = watch;
  let notices: AlarmEvent[] = [];
  let last: Promise<void> = Promise.resolve();

  const commit = async (seq: number | undefined, learned: boolean) => {
    const taken = notices;
    const ids = [...desk.touched];
    if (taken.length === 0 && ids.length === 0 && !learned) return;
    notices = [];
    desk.touched.clear();
    const records = ids.map((id) => ({ kind: "alarm", key: id, value: structuredClone(desk.records.get(id) ?? null) }));
    const counts = desk.fleeting.cells();
    const known = learned && seq !== undefined ? learnedCells(watch, prints, seq) : [];
    try {
      await cells.commit({
        cells: [...records, ...counts, ...known],
        ...(taken.length > 0 && { notices: taken }),
        ...(seq !== undefined && { cursor: { follower: NAME, seq } }),
        urgent: taken.length > 0,
      });
    } catch (error) {
      notices = [...taken, ...notices];
      for (const id of ids) desk.touched.add(id);
      desk.fleeting.again(counts);
      throw error;
    }
  };

  return {
    write(events, seq, learned = false) {
      notices.push(...events);
      const mine = last.then(() => commit(seq, learned));
      last = mine.catch(() => undefined);
      return mine;
    },
    retire(orphans, t) {
      notices.push(...orphans.filter(listed).map((record) => gone(record, t)));
      for (const { id } of orphans) desk.touched.add(id);
      return this.write([]);
    },
  };
}

/** A rule that was edited learns anew. */
export const printOf = (rule: Rule): string =>
  createHash("sha256")
    .update(JSON.stringify([rule.type, rule.machine, rule.point, rule.options]))
    .digest("base64url");

function gone(record: AlarmRecord, t: EpochMs): AlarmEvent {
  const rule = { id: record.rule, type: "", machine: record.machine, enabled: true, design: plainDesign };
  const alarm: Alarm = { ...alarmOf(record, rule), state: "normal", active: false };
  const past = { t, alarm, from: shown(record.life), to: "normal", by: "system", reason: "rule removed" } as const;
  return { ...past, quality: "good", annunciated: false };
}

function learnedCells(watch: Watch, prints: ReadonlyMap<string, string>, seq: number) {
  // A copy: the detectors go on with theirs while this is on its way to the disk.
  const { rules, machines, cases, bad, silenced, moment } = structuredClone(watch.save());
  return [
    ...Object.entries(rules).map(([id, state]) => ({
      kind: "detector",
      key: id,
      value: { print: prints.get(id), state },
    })),
    ...Object.entries(machines).map(([id, value]) => ({ kind: "machine-state", key: id, value })),
    ...Object.entries(cases).map(([id, value]) => ({ kind: "case", key: id, value })),
    { kind: "alarms-checkpoint", key: NAME, value: { seq, bad, silenced, ...moment } },
  ];
}
