import { DAY, HOUR } from "../../core/time.ts";

/**
 * What a signal usually is at this half hour of the day and at this hour of the week, and how far it has been from that of
 * late. A Sunday is not a quiet Monday: until an hour of the week has been seen once, the time of day speaks for it.
 */
export interface Habit {
  /** Plain numbers: a null among them would box all of them. */
  day: number[];
  week: number[];
  /** The drawn-out distance from each. */
  fromDay: number;
  fromWeek: number;
}

/** Where a reading falls in the day and in the week; -1 while the clock cannot be trusted. */
export interface Slots {
  day: number;
  week: number;
}

/** The three distances of a reading: now, drawn out, drawn out against the hour of the week. */
export interface Unlike {
  hour: number;
  day: number;
  week: number;
}

const PER_DAY = 48;
const PER_WEEK = 168;
/** Stands for a slot that has not been seen yet; JSON has no other number for it. */
const UNSEEN = Number.MAX_VALUE;
/** A habit follows by a tenth; a distance counts once it has lasted about six readings. */
const FOLLOW = 0.1;
const LASTING = 6;

export const createHabit = (): Habit => ({
  day: new Array<number>(PER_DAY).fill(UNSEEN),
  week: new Array<number>(PER_WEEK).fill(UNSEEN),
  fromDay: 0,
  fromWeek: 0,
});

/** `local`: milliseconds as the local clock and calendar show them, null while they cannot be trusted. */
export function slotsOf(local: number | null): Slots {
  if (local === null) return { day: -1, week: -1 };
  const hours = Math.floor(local / HOUR) % PER_WEEK;
  return {
    day: Math.floor(((((local % DAY) + DAY) % DAY) / DAY) * PER_DAY),
    week: hours < 0 ? hours + PER_WEEK : hours,
  };
}

/** How unlike its habit a reading is; what is drawn out is carried on. */
export function unlike(habit: Habit, value: number, at: Slots): Unlike {
  const usual = habit.day[at.day] ?? UNSEEN;
  const usualOfWeek = habit.week[at.week] ?? UNSEEN;
  const hour = usual === UNSEEN ? 0 : value - usual;
  habit.fromDay += (hour - habit.fromDay) / LASTING;
  habit.fromWeek += ((usualOfWeek === UNSEEN ? hour : value - usualOfWeek) - habit.fromWeek) / LASTING;
  return { hour: Math.abs(hour), day: Math.abs(habit.fromDay), week: Math.abs(habit.fromWeek) };
}

export function learnHabit({ day, week }: Habit, value: number, at: Slots): void {
  const usual = day[at.day];
  const usualOfWeek = week[at.week];
  if (usualOfWeek !== undefined)
    week[at.week] = usualOfWeek === UNSEEN ? followed(usual, value) : followed(usualOfWeek, value);
  if (usual !== undefined) day[at.day] = followed(usual, value);
}

const followed = (usual = UNSEEN, value = 0): number => (usual === UNSEEN ? value : usual + FOLLOW * (value - usual));
