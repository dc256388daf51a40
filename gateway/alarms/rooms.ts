import { HEARTBEAT, type Learning, type Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point, PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { DAY, steadyMs } from "../core/time.ts";
import { type LearnedState, type MachineStateSettings, type MachineStates, machineStates } from "./machine-state.ts";
import type { Rule } from "./rule.ts";

export interface LearnedMachine {
  readonly state: LearnedState;
  readonly started: number;
  readonly maintainedUntil: number;
}

/** A machine with what it is doing. */
export interface Room {
  readonly states: MachineStates;
  learned: LearnedState;
  around: Surroundings;
  /** When it last left "off". */
  started: number;
  maintainedUntil: number;
}

export const unknown: Surroundings = { state: "unknown", since: steadyMs(0) };

/** Lets the machine's state take in the entry; a new state is a new surrounding for every detector of the machine. */
export function advance(room: Room, entry: Entry<Reading>): void {
  room.learned = room.states.step(room.learned, entry);
  const { state, since } = room.learned;
  if (state === room.around.state && since === room.around.since) return;
  const before = room.around.state;
  room.around = room.states.around(room.learned);
  if (before === "off" && state !== "off") room.started = entry.steady;
}

/** What the site file says of the state of machines, by machine. */
export type StateSettings = ReadonlyMap<string, { readonly state?: MachineStateSettings }>;

export function roomsOf(points: readonly Point[], rules: readonly Rule[], settings?: StateSettings): Map<string, Room> {
  const machines = new Set([...points.map((p) => p.machine), ...rules.map((r) => r.machine)]);
  return new Map(
    [...machines].map((id) => [
      id,
      newRoom(
        points.filter((p) => p.machine === id),
        settings?.get(id)?.state,
      ),
    ]),
  );
}

function newRoom(points: readonly Point[], settings?: MachineStateSettings): Room {
  const states = machineStates(points, settings);
  const learned = structuredClone(states.initial);
  return { states, learned, around: states.around(learned), started: -DAY, maintainedUntil: 0 };
}

export function roomOf(rooms: Map<string, Room>, machine: string): Room {
  const room = rooms.get(machine) ?? newRoom([]);
  rooms.set(machine, room);
  return room;
}

export const learnedOf = ({ learned, started, maintainedUntil }: Room): LearnedMachine => ({
  state: learned,
  started,
  maintainedUntil,
});

export function restoreRoom(room: Room, from: LearnedMachine | undefined): void {
  if (!from) return;
  room.learned = from.state;
  room.started = from.started;
  room.maintainedUntil = from.maintainedUntil;
  room.around = room.states.around(room.learned);
}

/** A running rule with what its detector remembers. */
export interface Slot {
  readonly rule: Rule;
  readonly room: Room;
  state: unknown;
}

/** One point on the hot path: everything that a reading needs, found with one look-up. */
export interface Seat {
  readonly room: Room;
  readonly slots: Slot[];
  bad: boolean;
  last: Reading | undefined;
}

export const slotsOf = (rules: readonly Rule[], rooms: Map<string, Room>): Slot[] =>
  rules
    .filter((rule) => rule.enabled)
    .map((rule) => ({ rule, room: roomOf(rooms, rule.machine), state: structuredClone(rule.detector.initial) }));

export function seatsOf(
  points: readonly Point[],
  rooms: Map<string, Room>,
  slots: readonly Slot[],
): Map<PointId, Seat> {
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

/** How far the slowest learner of a machine is, its state included; null when all have learned enough. */
export function slowestOf(room: Room, slots: readonly Slot[]): Learning | null {
  const own = slots.filter((slot) => slot.room === room);
  const learners = own.map(({ rule, state }) => rule.detector.learning?.(state));
  const states = room.states.source ? [room.states.learning(room.learned)] : [];
  const unfinished = [...states, ...learners].flatMap((one) => (one && one.seen < one.needed ? [one] : []));
  return unfinished.sort((a, b) => b.needed - b.seen - (a.needed - a.seen))[0] ?? null;
}
