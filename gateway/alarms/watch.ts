import type { AlarmEvent } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import { type Finding, HEARTBEAT, type Learning, type Surroundings } from "../core/detector.ts";
import type { FaultCode } from "../core/fault.ts";
import type { Entry } from "../core/log.ts";
import type { Point, PointId } from "../core/point.ts";
import { type Reading, whyOf } from "../core/reading.ts";
import { type EpochMs, epochMs, type Ms, type SteadyMs, steadyMs } from "../core/time.ts";
import type { Cases } from "./case.ts";
import { adviceOf, told } from "./case-alarm.ts";
import { Desk } from "./desk.ts";
import type { Cause } from "./lifecycle.ts";
import { MODEMS, modemFinding, noNetwork } from "./modem.ts";
import { type Advice, type AlarmRecord, type AlarmRule, alarmId, fireDrill, type Moment } from "./record.ts";
import {
  advance,
  type LearnedMachine,
  learnedOf,
  type Room,
  restoreRoom,
  roomOf,
  roomsOf,
  type StateSettings,
  unknown,
} from "./rooms.ts";
import type { Rule } from "./rule.ts";
import type { AlarmSettings } from "./settings.ts";
import { Silence } from "./silence.ts";

/** What a rule's detector and its surroundings have learned; plain JSON, for checkpoints. */
export interface Learned {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly machines: Readonly<Record<string, LearnedMachine>>;
  /** Points that bring no number now, and why. */
  readonly bad: Readonly<Record<PointId, FaultCode>>;
  /** Points whose sensor is at fault, and the rule that says so. */
  readonly silenced: Readonly<Record<PointId, string>>;
  readonly cases: ReturnType<Cases["save"]>;
  readonly moment: Moment;
}

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

interface Slot {
  readonly rule: Rule;
  readonly room: Room;
  state: unknown;
}

/** One point on the hot path: everything that a reading needs, found with one look-up. */
interface Seat {
  readonly room: Room;
  readonly slots: Slot[];
  bad: boolean;
  last: Reading | undefined;
}

export function createWatch({ rules, points, settings, machines, cases }: WatchParts): Watch {
  const silence = new Silence(points, settings.silentAfter);
  const rooms = roomsOf(points, rules, machines);
  const slots = rules
    .filter((rule) => rule.enabled)
    .map((rule): Slot => ({ rule, room: roomOf(rooms, rule.machine), state: structuredClone(rule.detector.initial) }));
  const seats = seatsOf(points, rooms, slots);
  const silenced = new Map<PointId, string>();
  const alarmRules = new Map<string, AlarmRule>(
    [
      ...rules.filter((r) => r.vote === undefined || !cases),
      fireDrill,
      noNetwork,
      ...silence.rules(),
      ...(cases?.rules ?? []),
    ].map((r) => [r.id, r]),
  );
  const caseRules = new Map(cases?.rules.map((rule) => [rule.machine, rule]));
  let reliving = false;
  const believed = new Map<string, { rule: AlarmRule; finding: Finding; about: AlarmRecord["about"] }>();
  let moment: Moment = { t: epochMs(0), steady: steadyMs(0) };

  const causesOf = (rule: AlarmRule, record: Pick<AlarmRecord, "point">, steady: SteadyMs): readonly Cause[] => {
    const room = rooms.get(rule.machine);
    const { suppress } = rule.design;
    const causes: Cause[] = [];
    if (suppress.off && room?.around.state === "off") causes.push("machine-off");
    if (suppress.startup > 0 && room && steady - room.started < suppress.startup) causes.push("start-up");
    if (suppress.parents.some((id) => desk.holds(id))) causes.push("parent");
    if (room && steady < room.maintainedUntil) causes.push("maintenance");
    if (rule.type === "silence" || rule.type === "case") return causes;
    if (record.point && silence.silent(record.point, steady, settings.quietAfter)) causes.push("link");
    const fault = record.point && silenced.get(record.point);
    if (fault !== undefined && fault !== rule.id) causes.push("sensor");
    return causes;
  };
  const desk: Desk = new Desk(alarmRules, causesOf, (machine) => around(machine).state);

  const tell = (rule: AlarmRule, finding: Finding, about: AlarmRecord["about"], out: AlarmEvent[], advice?: Advice) => {
    if (reliving) believed.set(alarmId(rule, finding.point), { rule, finding, about });
    else desk.find(rule, finding, about, moment, out, advice);
  };

  const found = (
    slot: Slot,
    finding: Finding,
    entry: Entry<{ t: EpochMs }>,
    about: AlarmRecord["about"],
    out: AlarmEvent[],
  ) => {
    const { rule } = slot;
    if (finding.silences) {
      if (finding.active) silenced.set(finding.silences, rule.id);
      else silenced.delete(finding.silences);
    }
    if (rule.vote === undefined || !cases) return tell(rule, finding, about, out);
    const fault = finding.point && silenced.get(finding.point);
    if (fault === undefined || fault === rule.id || !finding.active)
      cases.finding(rule, finding, entry, slot.room.around);
  };

  /** Findings of one entry wait until all its detectors have spoken: a broken sensor is known before its limit speaks. */
  let fresh: { slot: Slot; finding: Finding }[] = [];

  const run = (slot: Slot, entry: Entry<Reading>) => {
    const { state, finding } = slot.rule.detector.step(slot.state, entry, slot.room.around);
    slot.state = state;
    if (finding) fresh.push({ slot, finding });
  };

  const settle = (entry: Entry<Reading>, out: AlarmEvent[]) => {
    if (fresh.length === 0) return;
    const about = entry.item.point !== HEARTBEAT && entry.item.quality !== "bad" ? "value" : "silence";
    const spoken = fresh;
    fresh = [];
    for (const { slot, finding } of spoken) if (finding.silences) found(slot, finding, entry, about, out);
    for (const { slot, finding } of spoken) if (!finding.silences) found(slot, finding, entry, about, out);
  };

  const beat = (entry: Entry<Reading>, out: AlarmEvent[]) => {
    for (const room of rooms.values()) advance(room, entry);
    for (const slot of slots) run(slot, entry);
    settle(entry, out);
    for (const { machine, finding } of cases?.tick(entry) ?? []) {
      const rule = caseRules.get(machine);
      const about = cases?.list().find((one) => one.machine === machine);
      const lead = about?.evidence.find(({ text }) => text.fr === about.text.fr);
      const advice = slots.find((slot) => slot.rule.id === lead?.rule)?.rule.design;
      if (rule) tell(rule, told(finding, about), "silence", out, advice && adviceOf(advice));
    }
    for (const { rule, finding } of silence.findings()) tell(rule, finding, "silence", out);
    if (!reliving) desk.heartbeat(moment, out);
  };

  const around = (machine: string) => rooms.get(machine)?.around ?? unknown;

  const step = (entry: Entry<Reading>, out: AlarmEvent[]) => {
    const { point, t, quality } = entry.item;
    moment = { t, steady: entry.steady };
    if (point === HEARTBEAT) return beat(entry, out);
    const seat = seats.get(point);
    if (!seat) {
      if (point.startsWith(MODEMS)) tell(noNetwork, modemFinding(entry.item), "silence", out);
      return;
    }
    seat.last = entry.item;
    if ((quality === "bad") !== seat.bad) {
      seat.bad = !seat.bad;
      silence.changed(point, seat.bad ? whyOf(entry.item) : undefined, entry.steady);
      if (!reliving) desk.quality(point, seat.bad, moment);
    }
    advance(seat.room, entry);
    for (const slot of seat.slots) run(slot, entry);
    settle(entry, out);
  };

  return {
    desk,
    step,
    relive(entry) {
      reliving = true;
      step(entry, []);
      reliving = false;
    },
    awake(doubtful, window, out) {
      const holding = new Set<string>();
      for (const [id, { rule, finding, about }] of believed) {
        if (!finding.active || !doubtful(rule.id)) continue;
        holding.add(id);
        desk.find(rule, finding, about, moment, out);
      }
      believed.clear();
      desk.doubt((record) => doubtful(record.rule) && !holding.has(record.id), moment, window);
    },
    burst(entry, out) {
      moment = { t: entry.item.t, steady: entry.steady };
      for (const slot of seats.get(entry.item.point)?.slots ?? []) {
        const { detector } = slot.rule;
        if (!detector.burst) continue;
        const { state, finding } = detector.burst(slot.state, entry, slot.room.around);
        slot.state = state;
        if (finding) found(slot, finding, entry, "value", out);
      }
    },
    now: () => moment,
    around,
    state: (rule) => slots.find((slot) => slot.rule.id === rule)?.state,
    learning(machine) {
      const room = rooms.get(machine);
      const learners = slots
        .filter((slot) => slot.room === room)
        .map(({ rule, state }) => rule.detector.learning?.(state));
      const states = room?.states.source ? [room.states.learning(room.learned)] : [];
      const unfinished = [...states, ...learners].flatMap((one) => (one && one.seen < one.needed ? [one] : []));
      return unfinished.sort((a, b) => b.needed - b.seen - (a.needed - a.seen))[0] ?? null;
    },
    last: (point) => seats.get(point)?.last,
    maintain(machine, until) {
      roomOf(rooms, machine).maintainedUntil = until;
      cases?.mute(machine, Math.max(0, until - moment.steady));
    },
    causes: (rule, point) => causesOf(rule, point ? { point } : {}, moment.steady),
    save: () => ({
      rules: Object.fromEntries(slots.map((slot) => [slot.rule.id, slot.state])),
      machines: Object.fromEntries([...rooms].map(([id, room]) => [id, learnedOf(room)])),
      bad: Object.fromEntries(
        [...seats].flatMap(([id, { bad, last }]) => (bad && last ? [[id, whyOf(last) ?? "unknown"]] : [])),
      ),
      silenced: Object.fromEntries(silenced),
      cases: cases?.save() ?? {},
      moment,
    }),
    restore(learned) {
      moment = learned.moment;
      cases?.restore(learned.cases);
      for (const [point, seat] of seats) {
        const rule = learned.silenced[point];
        if (rule !== undefined) silenced.set(point, rule);
        const why = learned.bad[point];
        seat.bad = why !== undefined;
        if (why) silence.changed(point, why, moment.steady);
      }
      for (const slot of slots)
        if (Object.hasOwn(learned.rules, slot.rule.id)) slot.state = learned.rules[slot.rule.id];
      for (const [id, room] of rooms) restoreRoom(room, learned.machines[id]);
    },
  };
}

function seatsOf(points: readonly Point[], rooms: Map<string, Room>, slots: readonly Slot[]): Map<PointId, Seat> {
  const seats = new Map<PointId, Seat>();
  const seatOf = (point: PointId, machine: string) => {
    const seat = seats.get(point) ?? { room: roomOf(rooms, machine), slots: [], bad: false, last: undefined };
    seats.set(point, seat);
    return seat;
  };
  for (const point of points) if (point.id !== HEARTBEAT) seatOf(point.id, point.machine);
  for (const slot of slots)
    for (const input of slot.rule.detector.inputs)
      if (input !== HEARTBEAT) seatOf(input, slot.rule.machine).slots.push(slot);
  return seats;
}
