import type { DatabaseSync } from "node:sqlite";

/**
 * Integer keys that only grow, and one blob per batch: a new row always lands on the last page, which is what an SD card
 * wants. Each step takes the file from one version to the next; steps are never edited, only added.
 */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE boot (boot INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE name (kind TEXT NOT NULL, id INTEGER NOT NULL, text TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
  -- The three logs. The key is the seq of the first entry; cursors: where the followers stood at that commit.
  CREATE TABLE readings (first INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL, cursors TEXT);
  CREATE TABLE notices (first INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE bursts (first INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE cell (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  -- Seqs that hold nothing, and why: restarts, drops, damage.
  CREATE TABLE gap (log TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, why TEXT NOT NULL, boot INTEGER NOT NULL, from_t REAL, to_t REAL, PRIMARY KEY (log, first)) WITHOUT ROWID;
  -- The history. A segment is ten minutes or so of one boot; its chunks have the key segment * 65536 + point. Chunks hold
  -- times as they were stamped; shift puts them right; loose: it still follows what becomes known about its boot.
  CREATE TABLE segment (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, last INTEGER NOT NULL, n INTEGER NOT NULL, from_t REAL NOT NULL, to_t REAL NOT NULL, shift REAL NOT NULL, loose INTEGER NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  -- Roll-ups of one UTC day: key day * 65536 + point.
  CREATE TABLE minute (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE quarter (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE daily (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  -- Days whose roll-ups are out of date; points before next_point are done.
  CREATE TABLE dirty (day INTEGER PRIMARY KEY, next_point INTEGER NOT NULL);
  `,
];

export const SCHEMA_VERSION = steps.length;

export class NewerStore extends Error {}

/**
 * Brings the file to the newest version, in one transaction. A file from a newer Vigie is left as it is. `script`: so that
 * the machinery can be tried, and cut, in the middle of steps that do not exist yet.
 */
export function migrate(db: DatabaseSync, script: readonly string[] = steps): { from: number; to: number } {
  const [from, to] = [versionOf(db), script.length];
  if (from > to)
    throw new NewerStore(`this store was written by a newer Vigie (version ${from}, this one knows ${to})`);
  if (from === to) return { from, to };
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of script.slice(from)) db.exec(step);
    db.exec(`PRAGMA user_version = ${to}`);
    db.exec("COMMIT");
  } catch (error) {
    // A full disk has ended it already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return { from, to };
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}
