import type { AlarmEvent } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import { type Finding, HEARTBEAT, type Learning, type Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point, PointId } from "../core/point.ts";
import { type Reading, whyOf } from "../core/reading.ts";
import { type EpochMs, epochMs, type Ms, type SteadyMs, steadyMs } from "../core/time.ts";
import type { Cases } from "./case.ts";
import { adviceOf, told } from "./case-alarm.ts";
import { Desk } from "./desk.ts";
import { completed, type Learned } from "./learned.ts";
import type { Cause } from "./lifecycle.ts";
import { ownFinding, ownRules } from "./own.ts";
import { type Advice, type AlarmRecord, type AlarmRule, alarmId, fireDrill, type Moment } from "./record.ts";
import {
  advance,
  learnedOf,
  type Room,
  restoreRoom,
  roomOf,
  roomsOf,
  type Seat,
  type Slot,
  type StateSettings,
  seatsOf,
  slotsOf,
  slowestOf,
  unknown,
} from "./rooms.ts";
import type { Rule } from "./rule.ts";
import type { AlarmSettings } from "./settings.ts";
import { Silence } from "./silence.ts";
import { causesOf, type World } from "./suppress.ts";

export interface WatchParts {
  readonly rules: readonly Rule[];
  readonly points: readonly Point[];
  readonly settings: AlarmSettings;
  /** What the site file says of the state of machines; learned where it says nothing. */
  readonly machines?: StateSettings;
  /** Where findings of voting rules go; without it each rule is an alarm of its own. */
  readonly cases?: Cases;
}

/**
 * The pure core of the engine: entries in, moves of alarms out. The same for live readings, for replay after a restart
 * and for a back-test over the history. No clock, no I/O.
 */
export interface Watch {
  readonly desk: Desk;
  step(entry: Entry<Reading>, out: AlarmEvent[]): void;
  burst(entry: Entry<Burst>, out: AlarmEvent[]): void;
  /** Goes through an entry again after a restart: everything learns, no alarm moves. */
  relive(entry: Entry<Reading>): void;
  /**
   * The end of reliving. Detectors of doubtful rules began without memory: what they believe now counts, and an alarm in
   * which none of them believes has so long to show that it still holds.
   */
  awake(doubtful: (rule: string) => boolean, window: Ms, out: AlarmEvent[]): void;
  /** The newest moment that it has heard of. */
  now(): Moment;
  around(machine: string): Surroundings;
  /** What a rule stands on, for "why is this not firing?". */
  state(rule: string): unknown;
  /** How far a machine's slowest learner is; null when all have learned enough. */
  learning(machine: string): Learning | null;
  last(point: PointId): Reading | undefined;
  /** Planned maintenance until that time: nothing is said of the machine. */
  maintain(machine: string, until: SteadyMs): void;
  causes(rule: AlarmRule, point?: PointId): readonly Cause[];
  save(): Learned;
  restore(learned: Learned): void;
}

export const createWatch = (parts: WatchParts): Watch => new Watching(parts);

class Watching implements Watch {
  readonly desk: Desk;
  readonly #world: World;
  readonly #cases: Cases | undefined;
  readonly #caseRules: ReadonlyMap<string, AlarmRule>;
  readonly #silence: Silence;
  readonly #rooms: Map<string, Room>;
  readonly #slots: readonly Slot[];
  readonly #seats: ReadonlyMap<PointId, Seat>;
  readonly #silenced = new Map<PointId, string>();
  readonly #believed = new Map<
    string,
    { rule: AlarmRule; finding: Finding; about: AlarmRecord["about"]; advice: Advice | undefined }
  >();
  /** Findings of one entry wait until all its detectors have spoken: a broken sensor is known before its limit speaks. */
  #fresh: { slot: Slot; finding: Finding }[] = [];
  #reliving = false;
  #moment: Moment = { t: epochMs(0), steady: steadyMs(0) };

  constructor({ rules, points, settings, machines, cases }: WatchParts) {
    this.#cases = cases;
    this.#silence = new Silence(points, settings);
    this.#rooms = roomsOf(points, rules, machines);
    this.#slots = slotsOf(rules, this.#rooms);
    this.#seats = seatsOf(points, this.#rooms, this.#slots);
    this.#caseRules = new Map(cases?.rules.map((rule) => [rule.machine, rule]));
    const own = rules.filter((rule) => rule.vote === undefined || !cases);
    const all: AlarmRule[] = [...own, fireDrill, ...ownRules, ...this.#silence.rules(), ...(cases?.rules ?? [])];
    this.desk = new Desk(
      new Map(all.map((rule) => [rule.id, rule])),
      (rule, record, steady) => causesOf(this.#world, rule, record.point, steady),
      (machine) => this.around(machine).state,
    );
    this.#world = {
      rooms: this.#rooms,
      silence: this.#silence,
      silenced: this.#silenced,
      quietAfter: settings.quietAfter,
      holds: (id) => this.desk.holds(id),
    };
  }

  step(entry: Entry<Reading>, out: AlarmEvent[]): void {
    const { point, t, quality } = entry.item;
    this.#moment = { t, steady: entry.steady };
    if (point === HEARTBEAT) {
      this.#beat(entry, out);
      return;
    }
    const seat = this.#seats.get(point);
    if (!seat) {
      const said = ownFinding(entry.item);
      if (said) this.#tell(said.rule, said.finding, "silence", out, said.advice);
      return;
    }
    seat.last = entry.item;
    if ((quality === "bad") !== seat.bad) this.#turned(seat, entry, out);
    advance(seat.room, entry);
    for (const slot of seat.slots) this.#run(slot, entry);
    if (this.#fresh.length > 0) this.#settle(entry, out);
  }

  burst(entry: Entry<Burst>, out: AlarmEvent[]): void {
    // Bursts have a log of their own: they may be older than the newest reading.
    if (entry.steady > this.#moment.steady) this.#moment = { t: entry.item.t, steady: entry.steady };
    for (const slot of this.#seats.get(entry.item.point)?.slots ?? []) {
      const { detector } = slot.rule;
      if (!detector.burst) continue;
      const { state, finding } = detector.burst(slot.state, entry, slot.room.around);
      slot.state = state;
      if (finding) this.#found(slot, finding, entry, "value", out);
    }
  }

  relive(entry: Entry<Reading>): void {
    this.#reliving = true;
    this.step(entry, []);
    this.#reliving = false;
  }

  awake(doubtful: (rule: string) => boolean, window: Ms, out: AlarmEvent[]): void {
    const holding = new Set<string>();
    for (const [id, { rule, finding, about, advice }] of this.#believed) {
      if (!finding.active || !doubtful(rule.id)) continue;
      holding.add(id);
      this.desk.find(rule, finding, about, this.#moment, out, advice);
    }
    this.#believed.clear();
    this.desk.tellSwitched(this.#moment, out);
    this.desk.doubt((record) => doubtful(record.rule) && !holding.has(record.id), this.#moment, window);
  }

  now(): Moment {
    return this.#moment;
  }

  around(machine: string): Surroundings {
    return this.#rooms.get(machine)?.around ?? unknown;
  }

  state(rule: string): unknown {
    return this.#slots.find((slot) => slot.rule.id === rule)?.state;
  }

  learning(machine: string): Learning | null {
    const room = this.#rooms.get(machine);
    return room ? slowestOf(room, this.#slots) : null;
  }

  last(point: PointId): Reading | undefined {
    return this.#seats.get(point)?.last;
  }

  maintain(machine: string, until: SteadyMs): void {
    roomOf(this.#rooms, machine).maintainedUntil = until;
    this.#cases?.mute(machine, Math.max(0, until - this.#moment.steady));
  }

  causes(rule: AlarmRule, point?: PointId): readonly Cause[] {
    return causesOf(this.#world, rule, point, this.#moment.steady);
  }

  save(): Learned {
    const bad = [...this.#seats].flatMap(([id, seat]) =>
      seat.bad && seat.last ? [[id, whyOf(seat.last) ?? "unknown"]] : [],
    );
    return {
      rules: Object.fromEntries(this.#slots.map((slot) => [slot.rule.id, slot.state])),
      machines: Object.fromEntries([...this.#rooms].map(([id, room]) => [id, learnedOf(room)])),
      bad: Object.fromEntries(bad),
      silenced: Object.fromEntries(this.#silenced),
      cases: this.#cases?.save() ?? {},
      moment: this.#moment,
    };
  }

  restore(learned: Learned): void {
    this.#moment = learned.moment;
    this.#cases?.restore(learned.cases);
    for (const [point, seat] of this.#seats) {
      const rule = learned.silenced[point];
      if (rule !== undefined) this.#silenced.set(point, rule);
      const why = learned.bad[point];
      seat.bad = why !== undefined;
      if (why) this.#silence.changed(point, why, learned.moment.steady);
    }
    for (const slot of this.#slots)
      if (Object.hasOwn(learned.rules, slot.rule.id))
        slot.state = completed(learned.rules[slot.rule.id], slot.rule.detector.initial);
    for (const [id, room] of this.#rooms) restoreRoom(room, learned.machines[id]);
  }

  #beat(entry: Entry<Reading>, out: AlarmEvent[]): void {
    for (const room of this.#rooms.values()) advance(room, entry);
    for (const slot of this.#slots) this.#run(slot, entry);
    if (this.#fresh.length > 0) this.#settle(entry, out);
    for (const { machine, finding } of this.#cases?.tick(entry) ?? []) this.#speak(machine, finding, out);
    for (const { rule, finding } of this.#silence.findings()) this.#tell(rule, finding, "silence", out);
    if (!this.#reliving) this.desk.heartbeat(this.#moment, out);
  }

  /** A point went bad, or is good again. */
  #turned(seat: Seat, { item, steady }: Entry<Reading>, out: AlarmEvent[]): void {
    seat.bad = !seat.bad;
    this.#silence.changed(item.point, seat.bad ? whyOf(item) : undefined, steady);
    if (!this.#reliving) this.desk.quality(item.point, seat.bad, this.#moment, out);
  }

  #run(slot: Slot, entry: Entry<Reading>): void {
    const { state, finding } = slot.rule.detector.step(slot.state, entry, slot.room.around);
    slot.state = state;
    if (finding) this.#fresh.push({ slot, finding });
  }

  #settle(entry: Entry<Reading>, out: AlarmEvent[]): void {
    const about = entry.item.point !== HEARTBEAT && entry.item.quality !== "bad" ? "value" : "silence";
    const spoken = this.#fresh;
    this.#fresh = [];
    for (const { slot, finding } of spoken) if (finding.silences) this.#found(slot, finding, entry, about, out);
    for (const { slot, finding } of spoken) if (!finding.silences) this.#found(slot, finding, entry, about, out);
  }

  #found(
    slot: Slot,
    finding: Finding,
    entry: Entry<{ t: EpochMs }>,
    about: AlarmRecord["about"],
    out: AlarmEvent[],
  ): void {
    const { rule } = slot;
    if (finding.silences) {
      if (finding.active) this.#silenced.set(finding.silences, rule.id);
      else this.#silenced.delete(finding.silences);
    }
    if (rule.vote === undefined || !this.#cases) {
      this.#tell(rule, finding, about, out);
      return;
    }
    const fault = finding.point && this.#silenced.get(finding.point);
    if (fault === undefined || fault === rule.id || !finding.active)
      this.#cases.finding(rule, finding, entry, slot.room.around);
  }

  /** The case of a machine has something to say: its lead evidence, with the advice of the rule behind that. */
  #speak(machine: string, finding: Finding, out: AlarmEvent[]): void {
    const rule = this.#caseRules.get(machine);
    if (!rule) return;
    const about = this.#cases?.list().find((one) => one.machine === machine);
    const lead = about?.evidence.find(({ text }) => text.fr === about.text.fr);
    const design = this.#slots.find((slot) => slot.rule.id === lead?.rule)?.rule.design;
    this.#tell(rule, told(finding, about), "silence", out, design && adviceOf(design));
  }

  #tell(rule: AlarmRule, finding: Finding, about: AlarmRecord["about"], out: AlarmEvent[], advice?: Advice): void {
    if (this.#reliving) this.#believed.set(alarmId(rule, finding.point), { rule, finding, about, advice });
    else this.desk.find(rule, finding, about, this.#moment, out, advice);
  }
}
