import type { DatabaseSync } from "node:sqlite";
import { Counting } from "../../core/counting.ts";
import { DAY, HOUR, type Ms } from "../../core/time.ts";
import { isForeign, pointNumber, readColumns, timeAt, valueAt } from "../pack.ts";
import type { Boot } from "../protocol.ts";
import { Gathering, keyOf, type Samples } from "./chunk.ts";
import { chunksOf, samplesOf, segmentsIn } from "./daily.ts";
import { type Pot, Pots } from "./pots.ts";
import { type Level, levels, type Stretch, unpackRollUp } from "./rollup.ts";

/** Up to these spans a question is answered from the finer kind. */
const RAW_SPAN = 3 * DAY;
const MINUTE_SPAN = 60 * DAY;
const QUARTER_SPAN = 6 * 365 * DAY;

export interface Question {
  point: number;
  from: number;
  to: number;
}

/** Throws once a question has had its time. */
export type Deadline = () => void;

/** At most `buckets` equal stretches. Answers from roll-ups begin on a boundary of theirs, so that each falls whole into one. */
export function range(db: DatabaseSync, { point, from, to }: Question, buckets: number, deadline: Deadline): Pot[] {
  const span = to - from;
  if (span <= RAW_SPAN) {
    const pots = new Pots(from, span / buckets, buckets);
    for (const { samples, shift } of chunksOf(db, segmentsIn(db, from, to), point)) pots.addSamples(samples, shift);
    deadline();
    pots.addSamples(tail(db, point, from, to, deadline));
    addGaps(db, pots, from, to);
    return pots.list;
  }
  const level = span <= MINUTE_SPAN ? "minute" : span <= QUARTER_SPAN ? "quarter" : "daily";
  const unit = levels[level].width;
  const start = Math.floor(from / unit) * unit;
  const width = Math.ceil((to - start) / buckets / unit) * unit;
  const pots = new Pots(start, width, Math.ceil((to - start) / width));
  const dirty = dirtyDays(db);
  for (let day = Math.floor(start / DAY); day * DAY < to; day++) {
    deadline();
    const [a, b] = [Math.max(start, day * DAY), Math.min(to, (day + 1) * DAY)];
    if (dirty.has(day)) pots.addSamples(chunksBetween(db, point, a, b));
    else
      for (const { t, stretch } of rolledUp(db, level, day, point))
        if (t >= start && t < to) pots.addStretch(t, stretch);
  }
  pots.addSamples(tail(db, point, start, to, deadline));
  addGaps(db, pots, start, to);
  return pots.list;
}

/** A page of single readings for exports: an hour with something in it, and where to go on. */
export function page(
  db: DatabaseSync,
  { point, from, to }: Question,
  deadline: Deadline,
): { samples: Samples; next: number } {
  const next = nextTime(db, from, to);
  if (next >= to) return { samples: tail(db, point, from, to, deadline), next: to };
  const until = Math.min(to, next + HOUR);
  return { samples: rawBetween(db, point, from, until, deadline), next: until };
}

/** How much a counter counted; null when fewer than two numbers are known. */
export function counted(db: DatabaseSync, { point, from, to }: Question, deadline: Deadline): number | null {
  const counting = new Counting();
  const addRaw = (a: number, b: number) => {
    const samples = rawBetween(db, point, a, b, deadline);
    for (let i = 0; i < samples.t.length; i++)
      if (((samples.state[i] ?? 0) & 3) !== 2) counting.add(samples.t[i] ?? 0, samples.value[i] ?? 0);
  };
  if (to - from <= RAW_SPAN) {
    addRaw(from, to);
    return counting.total;
  }
  const dirty = dirtyDays(db);
  const [oldest, newest] = rawSpan(db);
  for (let day = Math.floor(from / DAY); day * DAY < to; day++) {
    deadline();
    const [a, b] = [Math.max(from, day * DAY), Math.min(to, (day + 1) * DAY)];
    const whole = b - a === DAY;
    if (dirty.has(day) || b > newest || (!whole && a >= oldest)) addRaw(a, b);
    else {
      const level = whole ? "daily" : "quarter";
      for (const { t, stretch } of rolledUp(db, level, day, point))
        if (t >= a && t < b && stretch.count > 0) counting.addStretch(t, levels[level].width, stretch);
    }
  }
  return counting.total;
}

/** From when to when single readings are in the history. */
function rawSpan(db: DatabaseSync): [number, number] {
  const row = db.prepare("SELECT min(from_t) AS a, max(to_t) AS b FROM segment").get();
  return [Number(row?.a ?? Infinity), Number(row?.b ?? -Infinity)];
}

function rawBetween(db: DatabaseSync, point: number, from: number, to: number, deadline: Deadline): Samples {
  const gathering = new Gathering();
  for (const { samples, shift } of chunksOf(db, segmentsIn(db, from, to), point))
    gathering.addAll(samples, shift, from, to);
  deadline();
  gatherTail(db, point, from, to, deadline, gathering);
  return gathering.samples();
}

const chunksBetween = (db: DatabaseSync, point: number, from: number, to: number): Samples =>
  samplesOf(db, segmentsIn(db, from, to), point, from, to);

function tail(db: DatabaseSync, point: number, from: number, to: number, deadline: Deadline): Samples {
  const gathering = new Gathering();
  gatherTail(db, point, from, to, deadline, gathering);
  return gathering.samples();
}

/** Readings that are in the log but not yet in the history. */
function gatherTail(
  db: DatabaseSync,
  point: number,
  from: number,
  to: number,
  deadline: Deadline,
  into: Gathering,
): void {
  const compacted = Number(db.prepare("SELECT value FROM meta WHERE key = 'compacted'").get()?.value ?? 0);
  const shifts = shiftsOf(db);
  let rows = 0;
  for (const row of db.prepare("SELECT first, body FROM readings WHERE first > ? ORDER BY first").iterate(compacted)) {
    if (++rows % 256 === 0) deadline();
    const columns = row.body instanceof Uint8Array ? readColumns(row.body, Number(row.first)) : undefined;
    if (!columns) continue;
    const shift = columns.header.tq === "unsynced" ? (shifts.get(columns.header.boot) ?? 0) : 0;
    for (let i = 0; i < columns.header.count; i++) {
      if (pointNumber(columns, i) !== point) continue;
      const t = timeAt(columns, i) + (shift && !isForeign(columns, i) ? shift : 0);
      if (t >= from && t < to) into.add(t, valueAt(columns, i), columns.state[i] ?? 0);
    }
  }
}

function* rolledUp(
  db: DatabaseSync,
  level: Level,
  day: number,
  point: number,
): Iterable<{ t: number; stretch: Stretch }> {
  const key = keyOf(day, point);
  const body = db.prepare(`SELECT body FROM ${level} WHERE id = ?`).get(key)?.body;
  const found = body instanceof Uint8Array ? unpackRollUp(level, key, body) : undefined;
  if (!found && level === "minute") return yield* rolledUp(db, "quarter", day, point);
  for (const stretch of found?.stretches ?? []) yield { t: day * DAY + stretch.index * levels[level].width, stretch };
}

/** The start of the next stretch that holds something. */
function nextTime(db: DatabaseSync, from: number, to: number): number {
  const row = db.prepare("SELECT min(from_t) AS t FROM segment WHERE to_t >= ? AND from_t < ?").get(from, to);
  return row?.t === null || row?.t === undefined ? to : Math.max(from, Number(row.t));
}

const dirtyDays = (db: DatabaseSync): Set<number> =>
  new Set(
    db
      .prepare("SELECT day FROM dirty")
      .all()
      .map((row) => Number(row.day)),
  );

function shiftsOf(db: DatabaseSync): Map<number, number> {
  const boots = db
    .prepare("SELECT body FROM boot")
    .all()
    .map((row) => JSON.parse(String(row.body)) as Boot);
  return new Map(boots.map((boot) => [boot.boot, boot.shift ?? 0]));
}

function addGaps(db: DatabaseSync, pots: Pots, from: Ms, to: Ms): void {
  const gaps = db
    .prepare("SELECT from_t, to_t, why FROM gap WHERE log = 'readings' AND from_t < ? AND to_t > ?")
    .all(to, from);
  for (const gap of gaps) pots.silent(Number(gap.from_t), Number(gap.to_t), String(gap.why));
}
