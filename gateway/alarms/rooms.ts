import type { Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
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
