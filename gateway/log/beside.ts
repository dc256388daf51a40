import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { auditEnd } from "../core/log.ts";
import { openForReading, rowCrc } from "./database.ts";
import { writeSynced } from "./floor.ts";
import { putCell } from "./rows.ts";

/** Folders beside the store whose files a backup must not be without: the logbook's photographs, and what people did. */
const FOLDERS = ["photos", "audit"] as const;
const PLAIN = /^[\w-][\w.-]*$/;

/** Puts those files into a backup, one after the other: the largest is what this takes of memory. */
export function packFiles(backup: string, folder: string): void {
  const db = new DatabaseSync(backup);
  try {
    db.exec(
      "CREATE TABLE beside (folder TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (folder, name))",
    );
    const put = db.prepare("INSERT INTO beside VALUES (?, ?, ?)");
    for (const place of FOLDERS)
      for (const name of namesIn(join(folder, place))) put.run(place, name, readFileSync(join(folder, place, name)));
  } finally {
    db.close();
  }
}

/**
 * Takes them out of a copy of a backup again, and puts those back that are missing. What is there stays: a photograph of
 * that name is the same one, and what people did is not undone by a restore; an audit file that differs is kept under
 * another name.
 */
export function unpackFiles(copy: string, folder: string, now: number): void {
  const db = new DatabaseSync(copy);
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'beside'").get()) return; // From before files were in it.
    for (const row of db.prepare("SELECT folder, name, body FROM beside").iterate()) {
      const [place, name] = [FOLDERS.find((known) => known === row.folder), String(row.name)];
      if (!place || !PLAIN.test(name) || !(row.body instanceof Uint8Array)) continue;
      putBack(join(folder, place), name, row.body, now);
    }
    db.exec("DROP TABLE beside");
    db.exec("VACUUM");
  } finally {
    db.close();
  }
}

/** Whether there is an audit list that a restore leaves as it is. */
export const hasAuditList = (folder: string): boolean => namesIn(join(folder, "audit")).length > 0;

/**
 * What the store knows of the end of the audit list stays with the list that stays: the backup knows how long its own was,
 * and another one would look as if somebody had cut it off.
 */
export function keepAuditEnd(copy: string, store: string, listStays: boolean): void {
  const known = auditEndIn(store);
  if (known === null && !listStays) return; // Both are the backup's.
  const db = new DatabaseSync(copy);
  try {
    putCell(db, auditEnd.kind, auditEnd.key, known);
  } finally {
    db.close();
  }
}

function auditEndIn(store: string): string | null {
  if (!existsSync(store)) return null;
  const { kind, key } = auditEnd;
  try {
    const db = openForReading(store);
    try {
      const row = db.prepare("SELECT value, crc FROM cell WHERE kind = ? AND key = ?").get(kind, key);
      return row && row.crc === rowCrc(kind, key, String(row.value)) ? String(row.value) : null;
    } finally {
      db.close();
    }
  } catch {
    return null; // Damaged, maybe why somebody restores: the list is believed as it is then.
  }
}

function putBack(place: string, name: string, body: Uint8Array, now: number): void {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const file = join(place, name);
  if (existsSync(file) && readFileSync(file).equals(body)) return;
  const free = existsSync(file) ? join(place, `from-backup-${now}-${name}`) : file;
  writeSynced(`${free}.new`, body);
  renameSync(`${free}.new`, free);
}

const namesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && PLAIN.test(entry.name) && !entry.name.endsWith(".new"))
        .map(({ name }) => name)
    : [];
