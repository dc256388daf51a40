import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Trouble } from "./protocol.ts";
import { migrate, NewerStore, steps, versionOf } from "./schema.ts";

/** A reason not to start that a person must see to. */
export class Refusal extends Error {}

export const PAGE = 2_048;

/** A larger file would make the start slow; it is checked beside the running gateway. */
export const CHECKED_AT_OPEN = 32e6;

/** What `PRAGMA quick_check` found, as an error. */
export class DamagedFile extends Error {}

/** Primary result codes of SQLite. A disk that is full, failing, gone or read-only gets better by itself, or it does not. */
const DISK = new Set([8 /* READONLY */, 10 /* IOERR */, 13 /* FULL */, 14 /* CANTOPEN */]);
/** What the system says of the same, and of a folder that is not mounted or not ours. */
const GONE = /^(EROFS|ENOSPC|EDQUOT|EIO|ENXIO|ENODEV|ENOENT|EEXIST|ESTALE|ENOTCONN|EHOSTDOWN|ETIMEDOUT|EACCES|EPERM)$/;
const DAMAGED = new Set([11 /* CORRUPT */, 26 /* NOTADB */]);

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Refusal || error instanceof NewerStore) return "refused";
  if (error instanceof DamagedFile) return "damaged";
  const code = typeof error === "object" && error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  if (DISK.has(code)) return "disk";
  if (error instanceof Error && "code" in error && GONE.test(String(error.code))) return "disk";
  return DAMAGED.has(code) ? "damaged" : "bug";
}

/** Opens for writing: WAL, synchronous=FULL, both read back, because a build or a file system may not do as told. */
export function openForWriting(
  file: string,
  script: readonly string[] = steps,
): { db: DatabaseSync; migrated: { from: number; to: number } } {
  refuseNewer(file, script.length);
  const db = new DatabaseSync(file, { timeout: 5_000 });
  try {
    // A commit writes whole pages: small ones wear a card less than the usual 4 kB, and cost a question hardly more.
    db.exec(`PRAGMA page_size = ${PAGE}`);
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    // A write-ahead log that stops growing soon is one whose every commit spares the file system a journal entry.
    db.exec("PRAGMA wal_autocheckpoint = 400");
    db.exec("PRAGMA journal_size_limit = 16777216");
    db.exec("PRAGMA cache_size = -4000");
    const mode = db.prepare("PRAGMA journal_mode").get()?.journal_mode;
    const sync = db.prepare("PRAGMA synchronous").get()?.synchronous;
    if (mode !== "wal" || sync !== 2)
      throw new Refusal(`${file}: the disk does not allow safe writing (journal ${mode}, synchronous ${sync})`);
    return { db, migrated: migrate(db, script) };
  } catch (error) {
    db.close();
    throw error;
  }
}

export function openForReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  db.exec("PRAGMA cache_size = -4000");
  return db;
}

function refuseNewer(file: string, known: number): void {
  try {
    closeSync(openSync(file, "r"));
  } catch {
    return; // There is none yet.
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const version = versionOf(db);
    if (version > known)
      throw new NewerStore(
        `${file} was written by a newer Vigie (version ${version}, this one knows ${known}). Install that one, or choose another data folder.`,
      );
  } catch (error) {
    if (error instanceof NewerStore) throw error;
    // Whatever else is wrong shows when it is opened for writing, and is dealt with there.
  } finally {
    db?.close();
  }
}

/**
 * One gateway per data folder. The lock is SQLite's own on a small file beside the store, so that the kernel lets go of it
 * however the process ends.
 */
export function lockFolder(file: string): { release(): void } {
  const lock = new DatabaseSync(file);
  const note = `${file}.pid`;
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
  } catch (error) {
    lock.close();
    if (troubleOf(error) === "disk") throw error;
    throw new Refusal(
      `another Vigie (process ${readNote(note)}) already uses this data folder: stop it, or choose another with --data`,
    );
  }
  try {
    writeFileSync(note, String(process.pid));
  } catch (error) {
    if (!(error instanceof Error)) throw error; // The note is a courtesy; the lock holds without it.
  }
  return { release: () => lock.close() };
}

function readNote(note: string): string {
  try {
    return readFileSync(note, "utf8").trim();
  } catch {
    return "unknown";
  }
}

/** Checksum of a row of texts and numbers, its key included. */
export const rowCrc = (...fields: (string | number)[]): number => crc32(fields.join("\u0000"));

/** Tells whether a file is still the one that was opened; 0 where there is none. */
export const inodeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.ino ?? 0;

/** `mkdir -p` step by step: Node's own never returns where the parent exists and yet takes no folder (`/proc`). */
export function makeFolder(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) throw new Error(`${folder} is a file, not a folder`);
  if (there) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder);
}
