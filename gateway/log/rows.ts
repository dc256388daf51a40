import type { DatabaseSync } from "node:sqlite";
import { rowCrc } from "./database.ts";
import type { NameKind, NameRow } from "./names.ts";
import type { Boot, Gap, LogName } from "./protocol.ts";

/** The small rows of the store, in and out. Every one carries a checksum over itself and its key. */
export function putCell(db: DatabaseSync, kind: string, key: string, value: string | null): void {
  if (value === null) db.prepare("DELETE FROM cell WHERE kind = ? AND key = ?").run(kind, key);
  else db.prepare("INSERT OR REPLACE INTO cell VALUES (?, ?, ?, ?)").run(kind, key, value, rowCrc(kind, key, value));
}

export function putGap(db: DatabaseSync, gap: Gap): void {
  db.prepare("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?)").run(
    gap.log,
    gap.first,
    gap.last,
    gap.why,
    gap.boot,
    gap.from,
    gap.to,
  );
}

export const metaOf = (db: DatabaseSync, key: string) =>
  db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value;

export const bootsOf = (db: DatabaseSync): Boot[] =>
  db
    .prepare("SELECT body FROM boot ORDER BY boot")
    .all()
    .map((row) => JSON.parse(String(row.body)) as Boot);

/** The names in the store, and those that only their second copy still has: these are put back. */
export function mendNames(db: DatabaseSync, copy: readonly NameRow[]): NameRow[] {
  const names = namesOf(db);
  const has = new Set(names.map((name) => `${name.kind} ${name.id}`));
  const missing = copy.filter((name) => !has.has(`${name.kind} ${name.id}`));
  for (const name of missing) putName(db, name);
  return [...names, ...missing];
}

export function putName(db: DatabaseSync, { kind, id, text }: NameRow): void {
  db.prepare("INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)").run(kind, id, text, rowCrc(kind, id, text));
}

export function namesOf(db: DatabaseSync): NameRow[] {
  const names: NameRow[] = [];
  for (const row of db.prepare("SELECT kind, id, text, crc FROM name ORDER BY kind, id").all()) {
    const name = { kind: String(row.kind) as NameKind, id: Number(row.id), text: String(row.text) };
    if (row.crc === rowCrc(name.kind, name.id, name.text)) names.push(name);
  }
  return names;
}

export function gapsOf(db: DatabaseSync): Gap[] {
  return db
    .prepare("SELECT log, first, last, why, boot, from_t, to_t FROM gap ORDER BY log, first")
    .all()
    .map((row) => ({
      log: String(row.log) as LogName,
      first: Number(row.first),
      last: Number(row.last),
      why: String(row.why) as Gap["why"],
      boot: Number(row.boot),
      from: row.from_t === null ? null : Number(row.from_t),
      to: row.to_t === null ? null : Number(row.to_t),
    }));
}

/** The followers' places: they ride in the newest batch of readings, or lie in a cell when nothing else was written. */
export function cursorsOf(db: DatabaseSync): string | null {
  const ridden = db
    .prepare("SELECT cursors FROM readings WHERE cursors IS NOT NULL ORDER BY first DESC LIMIT 1")
    .get()?.cursors;
  const alone = db.prepare("SELECT value, crc FROM cell WHERE kind = 'cursor' AND key = '*'").get();
  const candidates = [ridden, alone && alone.crc === rowCrc("cursor", "*", String(alone.value)) ? alone.value : null]
    .filter((text): text is string => typeof text === "string")
    .sort((a, b) => versionIn(b) - versionIn(a));
  return candidates[0] ?? null;
}

const versionIn = (cursors: string) => Number((JSON.parse(cursors) as { v?: number }).v ?? 0);
