import { statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { DAY, MINUTE } from "../../../gateway/core/time.ts";
import { openForWriting, rowCrc } from "../../../gateway/log/database.ts";
import { keyOf, packChunk, type Samples } from "../../../gateway/log/history/chunk.ts";
import { soil } from "../../../gateway/log/history/compact.ts";
import { type Level, levels, packRollUp, rollUp } from "../../../gateway/log/history/rollup.ts";

export const POINTS = 100;
export const YEARS = 2;
/** As many machines as there are signals on each. */
const SIDE = 10;
const SEGMENT = 10 * MINUTE;

export const pointAt = (p: number) => `m${p % SIDE}/r${Math.floor(p / SIDE)}` as const;

export interface Filled {
  readings: number;
  /** Of the file, once the single readings were in it, and once the roll-ups were. */
  bytes: { raw: number; all: number };
  seconds: number;
}

export interface Filling {
  end: number;
  /** Single readings since midnight so many days ago. */
  days: number;
  points?: readonly string[];
  /** Of roll-ups. */
  years?: number;
}

export const allPoints: readonly string[] = Array.from({ length: POINTS }, (_, p) => pointAt(p));

/**
 * Writes the history of points at 1 Hz up to `end` into a new store, as compaction leaves it: single readings packed chunk
 * by chunk, and roll-ups. Of these each point has one day, under the key of every day.
 */
export function fill(file: string, { end, days, points = allPoints, years = YEARS }: Filling): Filled {
  const started = performance.now();
  const { db } = openForWriting(file);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const today = Math.floor(end / DAY);
  for (const [p, name] of points.entries())
    db.prepare("INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)").run("point", p, name, rowCrc("point", p, name));
  const chunk = db.prepare("INSERT INTO chunk VALUES (?, ?)");
  const segments = Math.ceil((end - (today - days) * DAY) / SEGMENT);
  for (let s = 1; s <= segments; s++) {
    const from = end - (segments - s + 1) * SEGMENT;
    const fields = [1, 0, 600 * points.length, from, from + SEGMENT - 1, 0, 0];
    db.prepare("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(s, ...fields, rowCrc(s, ...fields));
    for (const p of points.keys()) chunk.run(keyOf(s, p), packChunk(keyOf(s, p), samples(from, 600, s * POINTS + p)));
    if (s % 144 === 0) db.exec("COMMIT; BEGIN");
  }
  soil(db, [today]);
  db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN");
  const raw = statSync(file).size;
  for (const level of years > 0 ? (Object.keys(levels) as Level[]) : []) {
    const put = db.prepare(`INSERT INTO ${level} VALUES (?, ?)`);
    const rows = points.map((_, p) =>
      packRollUp(level, 0, rollUp(samples(0, 86_400, p), 0, levels[level].width), false),
    );
    for (let day = today - years * 365; day < today; day++)
      for (const [p, row] of rows.entries()) put.run(keyOf(day, p), under(row, keyOf(day, p)));
  }
  db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const seconds = (performance.now() - started) / 1_000;
  return { readings: segments * 600 * points.length, bytes: { raw, all: statSync(file).size }, seconds };
}

/** The same blob under another key. */
function under(body: Uint8Array, key: number): Uint8Array {
  const copy = Uint8Array.from(body);
  const view = new DataView(copy.buffer);
  view.setFloat64(8, key, true);
  view.setUint32(0, crc32(copy.subarray(4)), true);
  return copy;
}

/** A noisy measurement with one decimal, once a second, a few ms off the beat. */
function samples(from: number, count: number, seed: number): Samples {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0;
  const noise = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    t: Float64Array.from({ length: count }, (_, i) => from + i * 1_000 + Math.floor(noise() * 8)),
    value: Float64Array.from({ length: count }, (_, i) => Math.round((40 + 5 * Math.sin(i / 300) + noise()) * 10) / 10),
    state: new Uint8Array(count),
  };
}
