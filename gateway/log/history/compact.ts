import type { DatabaseSync } from "node:sqlite";
import { DAY } from "../../core/time.ts";
import { rowCrc } from "../database.ts";
import { isForeign, pointNumber, readColumns, timeAt, valueAt } from "../pack.ts";
import type { Boot, Gap } from "../protocol.ts";
import { Gathering, keyOf, packChunk } from "./chunk.ts";

/** Readings that one transaction moves from the log into chunks: about 50 ms of work. */
const SLICE = 50_000;

interface Segment {
  loose: boolean;
  points: Map<number, Gathering>;
  from: number;
  to: number;
  count: number;
}

export interface Compacted {
  /** Last seq that is in the history now. */
  upTo: number;
  more: boolean;
  damaged: Gap[];
}

interface LogRow {
  first: number;
  n: number;
  body: Uint8Array;
}

/**
 * Moves the oldest readings that are not yet in the history into one chunk per point. The log rows stay: followers may
 * still want them. Call it inside a transaction.
 */
export function compact(db: DatabaseSync, after: number, boots: ReadonlyMap<number, Boot>, all: boolean): Compacted {
  const waiting = Number(
    db
      .prepare("SELECT coalesce(sum(n), 0) AS n FROM (SELECT n FROM readings WHERE first > ? LIMIT ?)")
      .get(after, SLICE)?.n,
  );
  if (waiting === 0 || (!all && waiting < SLICE)) return { upTo: after, more: false, damaged: [] };
  const segments = new Map<boolean, Segment>();
  const damaged: Gap[] = [];
  let [upTo, taken, boot, more] = [after, 0, -1, false];
  for (const raw of db.prepare("SELECT first, n, body FROM readings WHERE first > ? ORDER BY first").iterate(after)) {
    const row = raw as unknown as LogRow;
    const columns = readColumns(row.body, row.first);
    if (!columns) {
      damaged.push({
        log: "readings",
        first: row.first,
        last: row.first + row.n - 1,
        why: "damaged",
        boot,
        from: null,
        to: null,
      });
      upTo = row.first + Math.max(1, row.n) - 1;
      continue;
    }
    if ((boot !== -1 && columns.header.boot !== boot) || taken >= SLICE) {
      more = true;
      break;
    }
    boot = columns.header.boot;
    taken += columns.header.count;
    upTo = row.first + columns.header.count - 1;
    sort(columns, segments);
  }
  for (const segment of segments.values()) write(db, segment, boot, upTo, boots.get(boot));
  return { upTo, more, damaged };
}

/** Unsynced readings, and among them those with a time of their own, go into segments of their own: only some will move. */
function sort(columns: NonNullable<ReturnType<typeof readColumns>>, segments: Map<boolean, Segment>): void {
  const { header } = columns;
  for (let i = 0; i < header.count; i++) {
    const loose = header.tq === "unsynced" && !isForeign(columns, i);
    const segment = segmentOf(segments, loose);
    const gathering = gatheringOf(segment, pointNumber(columns, i));
    const t = timeAt(columns, i);
    gathering.add(t, valueAt(columns, i), columns.state[i] ?? 0);
    segment.from = Math.min(segment.from, t);
    segment.to = Math.max(segment.to, t);
    segment.count++;
  }
}

function segmentOf(segments: Map<boolean, Segment>, loose: boolean): Segment {
  const known = segments.get(loose);
  if (known) return known;
  const segment: Segment = { loose, points: new Map(), from: Infinity, to: -Infinity, count: 0 };
  segments.set(loose, segment);
  return segment;
}

function gatheringOf(segment: Segment, point: number): Gathering {
  const known = segment.points.get(point);
  if (known) return known;
  const gathering = new Gathering();
  segment.points.set(point, gathering);
  return gathering;
}

function write(db: DatabaseSync, segment: Segment, boot: number, last: number, about: Boot | undefined): void {
  const shift = segment.loose ? (about?.shift ?? 0) : 0;
  const id = Number(db.prepare("SELECT coalesce(max(id), 0) + 1 AS id FROM segment").get()?.id);
  const fields = [boot, last, segment.count, segment.from + shift, segment.to + shift, shift, segment.loose ? 1 : 0];
  db.prepare("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(id, ...fields, rowCrc(id, ...fields));
  const insert = db.prepare("INSERT INTO chunk VALUES (?, ?)");
  const days = new Set<number>();
  for (const [point, gathering] of [...segment.points].sort(([a], [b]) => a - b)) {
    const samples = gathering.samples();
    insert.run(keyOf(id, point), packChunk(keyOf(id, point), samples));
    for (const t of samples.t) days.add(Math.floor((t + shift) / DAY));
  }
  soil(db, days);
}

/** Marks days whose roll-ups must be made (again). */
export function soil(db: DatabaseSync, days: Iterable<number>): void {
  const mark = db.prepare("INSERT OR REPLACE INTO dirty VALUES (?, 0)");
  for (const day of days) mark.run(day);
}

/** A boot's true time has become known: its segments move, and the days that they leave and enter are rolled up again. */
export function shiftSegments(db: DatabaseSync, boot: Boot): void {
  const rows = db.prepare("SELECT * FROM segment WHERE boot = ? AND loose = 1").all(boot.boot);
  const move = db.prepare("UPDATE segment SET from_t = ?, to_t = ?, shift = ?, crc = ? WHERE id = ?");
  const days = new Set<number>();
  for (const row of rows) {
    const shift = boot.shift ?? 0;
    const by = shift - Number(row.shift);
    if (by === 0) continue;
    const [id, from, to] = [Number(row.id), Number(row.from_t), Number(row.to_t)];
    for (const [a, b] of [
      [from, to],
      [from + by, to + by],
    ] as const)
      for (let day = Math.floor(a / DAY); day <= Math.floor(b / DAY); day++) days.add(day);
    const crc = rowCrc(id, boot.boot, Number(row.last), Number(row.n), from + by, to + by, shift, 1);
    move.run(from + by, to + by, shift, crc, id);
  }
  soil(db, days);
}

/** Gaps that were told in times of a boot, or from its end, move with it. Boot numbers leap where a stand-in has run. */
export function shiftGaps(db: DatabaseSync, boot: number, by: number): void {
  db.prepare("UPDATE gap SET to_t = to_t + ? WHERE boot = ?").run(by, boot);
  db.prepare("UPDATE gap SET from_t = from_t + ? WHERE boot = ? AND why IN ('lost', 'stalled')").run(by, boot);
  const next = "(SELECT min(boot) FROM boot WHERE boot > ?)";
  db.prepare(`UPDATE gap SET from_t = from_t + ? WHERE boot = ${next} AND why = 'gateway_off'`).run(by, boot);
}
