import type { DatabaseSync } from "node:sqlite";
import { DAY, type Ms } from "../../core/time.ts";
import { Gathering, keyOf, POINTS, type Samples, unpackChunk } from "./chunk.ts";
import { type Level, levels, packRollUp, rollUp } from "./rollup.ts";

/** Time that one call may take before commits get their turn. */
const SLICE: Ms = 60;

/** How long after midnight the day before is rolled up, so that late readings are in. */
const LATE: Ms = 10 * 60_000;

/**
 * Makes the roll-ups of days that are over and marked dirty, point by point, for a bounded time. True when there is more.
 * Days whose single readings are gone already keep what they have.
 */
export function rollUpDays(db: DatabaseSync, now: number, keepRaw: Ms, counters: ReadonlySet<number>): boolean {
  const until = performance.now() + SLICE;
  const today = Math.floor((now - LATE) / DAY);
  const clean = db.prepare("DELETE FROM dirty WHERE day = ?");
  for (const row of db.prepare("SELECT day, next_point FROM dirty WHERE day < ? ORDER BY day").all(today)) {
    const day = Number(row.day);
    if ((day + 1) * DAY <= now - keepRaw) {
      clean.run(day);
      continue;
    }
    const next = rollUpDay(db, day, Number(row.next_point), counters, until);
    if (next === undefined) clean.run(day);
    else {
      db.prepare("UPDATE dirty SET next_point = ? WHERE day = ?").run(next, day);
      return true;
    }
  }
  return false;
}

/** Rolls up from `point` on; answers the point to go on with, or undefined when all are done. */
function rollUpDay(
  db: DatabaseSync,
  day: number,
  point: number,
  counters: ReadonlySet<number>,
  until: number,
): number | undefined {
  const segments = segmentsIn(db, day * DAY, (day + 1) * DAY);
  const points = Number(db.prepare("SELECT coalesce(max(id), -1) + 1 AS n FROM name WHERE kind = 'point'").get()?.n);
  for (let p = point; p < points; p++) {
    if (performance.now() > until && p > point) return p;
    const samples = samplesOf(db, segments, p, day * DAY, (day + 1) * DAY);
    for (const level of Object.keys(levels) as Level[]) {
      const key = keyOf(day, p);
      if (samples.t.length === 0) db.prepare(`DELETE FROM ${level} WHERE id = ?`).run(key);
      else {
        const body = packRollUp(level, key, rollUp(samples, day, levels[level].width), counters.has(p));
        db.prepare(`INSERT OR REPLACE INTO ${level} VALUES (?, ?)`).run(key, body);
      }
    }
  }
  return undefined;
}

export interface SegmentRef {
  id: number;
  shift: number;
}

export function segmentsIn(db: DatabaseSync, from: number, to: number): SegmentRef[] {
  const rows = db
    .prepare("SELECT id, shift FROM segment WHERE from_t < ? AND to_t >= ? ORDER BY from_t, id")
    .all(to, from);
  return rows.map((row) => ({ id: Number(row.id), shift: Number(row.shift) }));
}

/** The readings of one point in these segments, oldest first; damaged chunks are left out. */
export function samplesOf(
  db: DatabaseSync,
  segments: readonly SegmentRef[],
  point: number,
  from: number,
  to: number,
): Samples {
  const gathering = new Gathering();
  for (const { samples, shift } of chunksOf(db, segments, point)) gathering.addAll(samples, shift, from, to);
  return gathering.samples();
}

/** The chunks of one point in these segments, as they are; `shift` puts their times right. */
export function* chunksOf(
  db: DatabaseSync,
  segments: readonly SegmentRef[],
  point: number,
): Iterable<{ samples: Samples; shift: number }> {
  const chunk = db.prepare("SELECT body FROM chunk WHERE id = ?");
  for (const { id, shift } of segments) {
    const key = keyOf(id, point);
    const body = chunk.get(key)?.body;
    const samples = body instanceof Uint8Array ? unpackChunk(key, body) : undefined;
    if (samples) yield { samples, shift };
  }
}

/** Chunks and minute roll-ups past their age go, oldest first, at most `limit` segments at once. */
export function expire(
  db: DatabaseSync,
  rawBefore: number,
  minutesBefore: number,
  limit = 20,
): { more: boolean; readings: number } {
  const dirty = db.prepare("SELECT min(day) AS day FROM dirty").get()?.day;
  // A day that has not been rolled up yet keeps its readings.
  const safe = dirty === null || dirty === undefined ? Infinity : Number(dirty) * DAY;
  const old = db
    .prepare("SELECT id, n FROM segment WHERE to_t < ? ORDER BY id LIMIT ?")
    .all(Math.min(rawBefore, safe), limit);
  const chunks = db.prepare("DELETE FROM chunk WHERE id >= ? AND id < ?");
  const segment = db.prepare("DELETE FROM segment WHERE id = ?");
  let readings = 0;
  for (const row of old) {
    const id = Number(row.id);
    readings += Number(row.n);
    chunks.run(id * POINTS, (id + 1) * POINTS);
    segment.run(id);
  }
  const gone = Number.isFinite(minutesBefore)
    ? db.prepare("DELETE FROM minute WHERE id < ?").run(Math.floor(minutesBefore / DAY) * POINTS).changes
    : 0;
  return { more: old.length === limit || Number(gone) > 0, readings };
}
