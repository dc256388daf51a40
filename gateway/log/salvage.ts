import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DAY } from "../core/time.ts";
import { PAGE, rowCrc } from "./database.ts";
import { KIND, readHeader, unseal } from "./frame.ts";
import { POINTS, unpackChunk } from "./history/chunk.ts";
import { type Level, levels, unpackRollUp } from "./history/rollup.ts";
import { readAround } from "./holes.ts";
import { type Field, type LooseRow, looseRows } from "./pages.ts";

const logOf = new Map<number, string>(Object.entries(KIND).map(([log, kind]) => [kind, log]));

/**
 * Carries every row that proves itself from the pages of a damaged file into a fresh store: batches, chunks and roll-ups by
 * their own checksum and key, small rows by theirs. What cannot prove itself is left behind. Answers how many came over.
 */
export function salvage(damaged: string, db: DatabaseSync): number {
  const file = readAround(damaged);
  let rows = 0;
  const boots: number[] = [];
  db.exec("BEGIN");
  for (const row of looseRows(file, PAGE)) {
    if (
      row.rowid === undefined
        ? smallRow(db, row.fields)
        : blobRow(db, row) || segmentRow(db, row) || bootRow(db, row, boots)
    )
      rows++;
  }
  // Chunks without their segment say nothing about when; segments say which days must be rolled up again, and how far the
  // history went.
  db.exec(`DELETE FROM chunk WHERE id / ${POINTS} NOT IN (SELECT id FROM segment)`);
  const compacted = Number(db.prepare("SELECT coalesce(max(last), 0) AS n FROM segment").get()?.n);
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('compacted', ?)").run(String(compacted));
  for (const { a, b } of db.prepare("SELECT from_t AS a, to_t AS b FROM segment").all())
    for (let day = Math.floor(Number(a) / DAY); day <= Math.floor(Number(b) / DAY); day++)
      db.prepare("INSERT OR REPLACE INTO dirty VALUES (?, 0)").run(day);
  db.exec("COMMIT");
  return rows;
}

function blobRow(db: DatabaseSync, { rowid = 0, fields }: LooseRow): boolean {
  // An INTEGER PRIMARY KEY is stored as NULL in the record: the rowid is the key.
  const body = fields.find((field) => field instanceof Uint8Array);
  if (!(body instanceof Uint8Array) || body.length < 32) return false;
  const kind = new DataView(body.buffer, body.byteOffset).getUint32(4, true);
  const log = logOf.get(kind);
  if (log) return batchRow(db, log, kind, rowid, body, fields);
  for (const level of Object.keys(levels) as Level[])
    if (kind === levels[level].kind) return put(db, level, rowid, body, unpackRollUp(level, rowid, body) !== undefined);
  return put(db, "chunk", rowid, body, unpackChunk(rowid, body) !== undefined);
}

function put(db: DatabaseSync, table: string, rowid: number, body: Uint8Array, sound: boolean): boolean {
  if (sound) db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`).run(rowid, body);
  return sound;
}

function batchRow(
  db: DatabaseSync,
  log: string,
  kind: number,
  rowid: number,
  body: Uint8Array,
  fields: Field[],
): boolean {
  if (!unseal(body, kind, rowid)) return false;
  const { count } = readHeader(new DataView(body.buffer, body.byteOffset));
  db.prepare(`INSERT OR REPLACE INTO ${log} (first, n, body) VALUES (?, ?, ?)`).run(rowid, count, body);
  const cursors = fields.at(-1);
  if (log === "readings" && typeof cursors === "string" && isJson(cursors))
    db.prepare("UPDATE readings SET cursors = ? WHERE first = ?").run(cursors, rowid);
  return true;
}

function segmentRow(db: DatabaseSync, { rowid = 0, fields }: LooseRow): boolean {
  const [none, ...rest] = fields;
  const numbers = rest.map(Number);
  const crc = numbers.pop();
  if (none !== null || numbers.length !== 7 || crc !== rowCrc(rowid, ...numbers)) return false;
  db.prepare("INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(rowid, ...numbers, crc);
  return true;
}

function bootRow(db: DatabaseSync, { rowid = 0, fields: [none, body, ...rest] }: LooseRow, boots: number[]): boolean {
  if (none !== null || typeof body !== "string" || rest.length > 0 || !isJson(body)) return false;
  if ((JSON.parse(body) as { boot?: unknown }).boot !== rowid) return false;
  db.prepare("INSERT OR REPLACE INTO boot VALUES (?, ?)").run(rowid, body);
  boots.push(rowid);
  return true;
}

/** Names and cells: three fields and the checksum over them. */
function smallRow(db: DatabaseSync, [kind, key, value, crc, ...rest]: Field[]): boolean {
  if (typeof kind !== "string" || typeof value !== "string" || typeof crc !== "number" || rest.length > 0) return false;
  if ((typeof key !== "string" && typeof key !== "number") || crc !== rowCrc(kind, key, value)) return false;
  const table = typeof key === "number" ? "name" : "cell";
  db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?)`).run(kind, key, value, crc);
  return true;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where the damaged file lies from now on, with what its write-ahead log held folded in where that still works. */
export function setAside(file: string): string {
  try {
    const db = new DatabaseSync(file);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  } catch {
    // Then only what is in the file itself can be saved.
  }
  const folder = join(dirname(file), "damaged", `store-${Date.now()}`);
  mkdirSync(folder, { recursive: true });
  for (const end of ["", "-wal", "-shm"])
    if (existsSync(file + end)) renameSync(file + end, join(folder, `vigie.db${end}`));
  return join(folder, "vigie.db");
}
