import { ActionRefused, type Alarm, type AlarmAction, type AlarmEvent, type AlarmState } from "../core/alarm.ts";
import type { Finding, MachineState } from "../core/detector.ts";
import type { PointId } from "../core/point.ts";
import type { Ms, SteadyMs } from "../core/time.ts";
import { moveEvent, testEvent } from "./events.ts";
import { Fleeting } from "./fleeting.ts";
import { handOn, noteHand, spoken } from "./hands.ts";
import { type Cause, type Effect, type LifeEvent, move, shown } from "./lifecycle.ts";
import {
  type Advice,
  type AlarmRecord,
  type AlarmRule,
  alarmId,
  alarmOf,
  describe,
  isActive,
  listed,
  type Moment,
  newRecord,
} from "./record.ts";
import { settleTime } from "./rule.ts";
import { freeze, ripe, thaw } from "./timers.ts";

/** Why an alarm of this rule is to be quiet now; asked at every heartbeat and before it speaks. */
export type CausesOf = (rule: AlarmRule, record: AlarmRecord, steady: SteadyMs) => readonly Cause[];

/**
 * All alarms of the gateway: takes findings, time and people's hands, moves each alarm through the table and writes down
 * every move. No clock, no I/O.
 */
export class Desk {
  readonly records = new Map<string, AlarmRecord>();
  /** Alarms that changed since somebody last asked; what has to be written to disk. */
  readonly touched = new Set<string>();
  /** Blips that a delay kept from people. */
  readonly fleeting = new Fleeting();
  readonly #rules: ReadonlyMap<string, AlarmRule>;
  readonly #causesOf: CausesOf;
  readonly #doing: (machine: string) => MachineState;
  readonly #ofPoint = new Map<PointId, Set<AlarmRecord>>();
  readonly #switched: { record: AlarmRecord; rule: AlarmRule; from: AlarmState }[] = [];

  constructor(rules: ReadonlyMap<string, AlarmRule>, causesOf: CausesOf, doing: (machine: string) => MachineState) {
    this.#rules = rules;
    this.#doing = doing;
    this.#causesOf = causesOf;
  }

  /** Takes back what was on disk; returns the alarms whose rule is gone. */
  load(records: readonly AlarmRecord[]): AlarmRecord[] {
    const orphans: AlarmRecord[] = [];
    for (const record of records) {
      const rule = this.#rules.get(record.rule);
      if (!rule) orphans.push(record);
      else {
        const from = shown(record.life);
        this.#add(record).life = { ...record.life, enabled: rule.enabled };
        if (shown(record.life) !== from) this.#switched.push({ record, rule, from });
      }
    }
    return orphans;
  }

  /** After `load`: says of which alarms the site file has switched the rule off or on meanwhile. */
  tellSwitched(now: Moment, out: AlarmEvent[]): void {
    for (const { record, rule, from } of this.#switched.splice(0)) {
      this.touched.add(record.id);
      const loud = shown(record.life) === "unacked";
      const reason = rule.enabled ? "rule enabled" : "rule disabled";
      const doing = this.#doing(record.machine);
      out.push(moveEvent(record, rule, now, { from, by: "system", reason, loud, doing }));
    }
  }

  /** These alarms have so long to show that they still hold; nobody is told of them again meanwhile. */
  doubt(doubtful: (record: AlarmRecord) => boolean, now: Moment, window: Ms): void {
    for (const record of this.records.values())
      if (record.raw && doubtful(record)) record.timers.doubt = now.steady + window;
  }

  /** The detector's word about a condition. */
  find(
    rule: AlarmRule,
    finding: Finding,
    about: AlarmRecord["about"],
    now: Moment,
    out: AlarmEvent[],
    advice?: Advice,
  ): void {
    const id = alarmId(rule, finding.point);
    const known = this.records.get(id);
    if (!known && !finding.active) return;
    const record = known ?? this.#add(newRecord(rule, finding, now.t));
    this.touched.add(id);
    delete record.timers.doubt;
    describe(record, finding);
    if (finding.active && advice) record.advice = advice;
    if (finding.active) this.#holds(rule, record, finding, about, now, out);
    else if (record.raw) this.#over(rule, record, now, out);
  }

  /** A reading of this point was bad, or is good again: alarms about its value stand still meanwhile. */
  quality(point: PointId, bad: boolean, now: Moment, out: AlarmEvent[]): void {
    for (const record of this.#ofPoint.get(point) ?? []) {
      const rule = this.#rules.get(record.rule);
      if (!rule || record.life.frozen === bad || (bad && record.about !== "value")) continue;
      this.touched.add(record.id);
      if (bad) freeze(record, now.steady);
      else {
        thaw(record, now.steady);
        this.#follow(rule, record, now, out);
      }
    }
  }

  /** Time passes: delays, shelves, settling and suppression. */
  heartbeat(now: Moment, out: AlarmEvent[]): void {
    for (const record of this.records.values()) {
      const rule = this.#rules.get(record.rule);
      if (!rule?.enabled) continue;
      this.#suppress(rule, record, now, out);
      this.#due(rule, record, now, out);
    }
  }

  /** A person's hand. Throws `ActionRefused` with the reason. */
  act(id: string, action: AlarmAction, now: Moment, out: AlarmEvent[]): Alarm {
    const known = this.records.get(id);
    const rule = this.#rules.get(known?.rule ?? id);
    if (!rule || (!known && action.kind !== "test"))
      throw new ActionRefused("unknown-alarm", `there is no alarm ${id}`);
    if (action.kind === "test" || !known) {
      const event = testEvent(known, rule, now, action.by);
      out.push(event);
      return event.alarm;
    }
    const record = known;
    const event = handOn(rule, action, now);
    const before = shown(record.life);
    const moved = this.#move(rule, record, event, now, out, action.by, spoken(action));
    if (moved && "refused" in moved) throw new ActionRefused("not-now", `${id} (${before}): ${moved.refused}`);
    noteHand(record, rule, action, now);
    const last = out.at(-1);
    if (last?.alarm.id === id) out[out.length - 1] = { ...last, alarm: alarmOf(record, rule) };
    return alarmOf(record, rule);
  }

  list(view?: "expert"): Alarm[] {
    const alarms: Alarm[] = [];
    for (const record of this.records.values()) {
      const rule = this.#rules.get(record.rule);
      if (!rule || !listed(record) || record.life.process === "pending") continue;
      if (view === "expert" || shown(record.life) !== "suppressed") alarms.push(alarmOf(record, rule));
    }
    return alarms.sort((a, b) => b.since - a.since);
  }

  get(id: string): Alarm | undefined {
    const record = this.records.get(id);
    const rule = record && this.#rules.get(record.rule);
    return record && rule && alarmOf(record, rule);
  }

  /** Whether that alarm holds now, hidden or not; parents are asked so. */
  holds(id: string): boolean {
    const record = this.records.get(id);
    return record?.life.enabled === true && isActive(record.life.process);
  }

  #holds(
    rule: AlarmRule,
    record: AlarmRecord,
    finding: Finding,
    about: AlarmRecord["about"],
    now: Moment,
    out: AlarmEvent[],
  ) {
    const worse = record.level === "watch" && finding.level === "alert";
    if (worse || !record.life.cond) record.level = finding.level;
    if (record.raw) {
      if (worse && record.life.cond) this.#move(rule, record, { kind: "worse" }, now, out);
      return;
    }
    record.raw = true;
    record.about = about;
    // What is said of silence, silence does not hold up.
    if (about === "silence") thaw(record, now.steady);
    delete record.timers.off;
    if (record.life.cond) return;
    if (!isActive(record.life.process)) record.since = finding.onset ?? now.t;
    this.#suppress(rule, record, now, out);
    this.#follow(rule, record, now, out);
  }

  #over(rule: AlarmRule, record: AlarmRecord, now: Moment, out: AlarmEvent[]): void {
    record.raw = false;
    delete record.timers.on;
    this.touched.add(record.id);
    this.#follow(rule, record, now, out);
  }

  /** The condition follows the detector's word, after its delay; while the input is bad it waits. */
  #follow(rule: AlarmRule, record: AlarmRecord, now: Moment, out: AlarmEvent[]): void {
    const { raw, life, timers } = record;
    if (life.frozen) return;
    const { on, off } = rule.design.delay;
    if (raw && !life.cond && timers.on === undefined) {
      if (on > 0) timers.on = now.steady + on;
      this.#move(rule, record, { kind: on > 0 ? "crossed" : "true" }, now, out);
    }
    if (!raw && !life.cond) this.#move(rule, record, { kind: "back" }, now, out);
    if (!raw && life.cond) {
      if (off > 0) timers.off ??= now.steady + off;
      else this.#move(rule, record, { kind: "false" }, now, out);
    }
  }

  #suppress(rule: AlarmRule, record: AlarmRecord, now: Moment, out: AlarmEvent[]): void {
    const wanted = this.#causesOf(rule, record, now.steady);
    const { causes } = record.life;
    if (wanted.length === 0 && causes.length === 0) return;
    for (const cause of wanted)
      if (!causes.includes(cause)) this.#move(rule, record, { kind: "suppress", cause }, now, out, "system", cause);
    for (const cause of causes)
      if (!wanted.includes(cause)) this.#move(rule, record, { kind: "unsuppress", cause }, now, out, "system", cause);
  }

  #due(rule: AlarmRule, record: AlarmRecord, now: Moment, out: AlarmEvent[]): void {
    const { timers } = record;
    if (timers.doubt !== undefined && now.steady >= timers.doubt) {
      delete timers.doubt;
      if (record.raw) this.#over(rule, record, now, out);
    }
    for (const event of ripe(record, now.steady)) this.#move(rule, record, event, now, out);
  }

  /** One row of the table, its effects, and the line that stays for ever. */
  #move(
    rule: AlarmRule,
    record: AlarmRecord,
    event: LifeEvent,
    now: Moment,
    out: AlarmEvent[],
    by = "system",
    why?: string,
  ) {
    const from = record.life;
    const { design } = rule;
    const moved = move(from, event, {
      delayed: design.delay.on > 0,
      latch: design.latch,
      ackRequired: design.ackRequired && record.level === "alert",
      resetImpliesAck: design.resetImpliesAck,
    });
    if (!moved || "refused" in moved) return moved;
    record.life = moved.life;
    this.touched.add(record.id);
    this.#effects(rule, record, event, moved.effects, now);
    const [was, is] = [shown(from), shown(moved.life)];
    const silent = was === is && from.process === moved.life.process && !moved.effects.includes("annunciate");
    const internal = from.process === "normal" && moved.life.process === "normal" && by === "system";
    if (silent || internal || moved.life.process === "pending" || (from.process === "pending" && is === "normal"))
      return moved;
    const reason = why ? `${event.kind}: ${why}` : event.kind;
    const loud = moved.effects.includes("annunciate");
    out.push(moveEvent(record, rule, now, { from: was, by, reason, loud, doing: this.#doing(record.machine) }));
    return moved;
  }

  #effects(rule: AlarmRule, record: AlarmRecord, event: LifeEvent, effects: readonly Effect[], now: Moment): void {
    const { timers, life } = record;
    if (effects.includes("fleeting")) this.fleeting.add(rule.id, now.t);
    if (effects.includes("new-occurrence")) {
      delete record.ackedBy;
      delete record.comment;
    }
    if (event.kind === "suppress") delete timers.settle;
    if (event.kind === "unsuppress" && life.settling) timers.settle = now.steady + settleTime(rule.design);
    if (life.shelf === "none") {
      delete timers.shelf;
      delete record.shelvedUntil;
    }
    const { realarm } = rule.design;
    if (life.process !== "acked") delete timers.realarm;
    else if (realarm !== undefined && event.kind === "ack") timers.realarm = now.steady + realarm;
  }

  #add(record: AlarmRecord): AlarmRecord {
    this.records.set(record.id, record);
    if (record.point === undefined) return record;
    const others = this.#ofPoint.get(record.point);
    if (others) others.add(record);
    else this.#ofPoint.set(record.point, new Set([record]));
    return record;
  }
}
