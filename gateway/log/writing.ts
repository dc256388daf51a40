import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { CHECKED_AT_OPEN, DamagedFile, inodeOf, lockFolder, openForWriting, rowCrc, troubleOf } from "./database.ts";
import { readFloor, readNames, writeFloor, writeNames } from "./floor.ts";
import { heads, spansOf } from "./heads.ts";
import { compact, shiftGaps, shiftSegments } from "./history/compact.ts";
import { expire, rollUpDays } from "./history/daily.ts";
import { isDamage, noteMissing } from "./holes.ts";
import {
  type Boot,
  type Commit,
  type Floor,
  type Gap,
  type LogName,
  logNames,
  type Opened,
  type Tidied,
  type TidyOrder,
} from "./protocol.ts";
import { bootsOf, cursorsOf, gapsOf, mendNames, metaOf, namesOf, putCell, putGap, putName } from "./rows.ts";
import { salvage, setAside } from "./salvage.ts";
import { steps } from "./schema.ts";
import { trim } from "./trim.ts";

/** Everything that is ever written to the store, one call at a time. Lives in its own thread, because a disk may take seconds. */
export class Writing {
  readonly #file: string;
  readonly #script: readonly string[];
  readonly #lock: { release(): void };
  #db: DatabaseSync | undefined;
  #inode = 0;
  #boots = new Map<number, Boot>();
  #compacted = 0;
  #floor: Floor;
  #remarks: string[] = [];
  /** Gaps that a recovery left and nobody was told of. */
  #missing: Gap[] = [];

  constructor(file: string, script: readonly string[] = steps) {
    this.#file = file;
    this.#script = script;
    this.#lock = lockFolder(join(dirname(file), "lock"));
    this.#floor = readFloor(dirname(file));
  }

  open(): Opened {
    const remarks: string[] = [];
    try {
      const opened = this.#open(remarks);
      // A disk that can be read but takes nothing is told at once, and not by the first commit.
      this.#transaction((db) => this.#putMeta(db, { opened: String(Date.now()) }));
      // A flipped bit between the rows shows only when the whole file is looked at; a large one is looked at while it runs.
      if (statSync(this.#file).size <= CHECKED_AT_OPEN && !this.isSound()) throw new DamagedFile();
      return opened;
    } catch (error) {
      if (!isDamage(error, this.#file)) throw error;
      remarks.push(this.recover());
      return this.#open(remarks);
    }
  }

  /** Whether the file is whole, by SQLite's own check. */
  isSound(): boolean {
    return this.#ready().prepare("PRAGMA quick_check(1)").get()?.quick_check === "ok";
  }

  /** Sets a damaged file aside, and begins a new one with every row of it that proves itself. Says so in words. */
  recover(): string {
    this.#drop();
    const aside = setAside(this.#file);
    const { db } = openForWriting(this.#file, this.#script);
    try {
      const rows = salvage(aside, db);
      this.#missing.push(...noteMissing(db));
      return `the store was damaged; ${rows} rows that are sound were carried into a new one, the old file is ${aside}`;
    } finally {
      db.close();
    }
  }

  commit(commit: Commit): void {
    this.#mended((db) => this.#insert(db, commit));
    for (const boot of commit.boots) this.#boots.set(boot.boot, boot);
    this.#raiseFloor(commit.boots, commit.meta);
    if (commit.names.length > 0) writeNames(dirname(this.#file), namesOf(this.#ready()));
  }

  /** What is on disk, asked after a commit that failed: it may be there all the same. */
  newest(): Record<LogName, number> {
    const found = this.#mended((db) => heads(db, (gap, row) => this.#quarantine(db, gap, row)));
    return { readings: found.readings.newest, notices: found.notices.newest, bursts: found.bursts.newest };
  }

  cells(kind: string): [string, string][] {
    const rows = this.#ready().prepare("SELECT key, value, crc FROM cell WHERE kind = ?").all(kind);
    const cells: [string, string][] = [];
    for (const row of rows) {
      const [key, value] = [String(row.key), String(row.value)];
      if (row.crc === rowCrc(kind, key, value)) cells.push([key, value]);
    }
    return cells;
  }

  /** Compaction, roll-ups and retention, one bounded slice per call. */
  tidy(order: TidyOrder): Tidied {
    this.#stillThere();
    const tidied = this.#mended((db) => this.#tidy(db, order));
    // Not sooner: a transaction that failed has moved nothing.
    this.#compacted = tidied.compacted;
    const damaged = [...tidied.damaged, ...this.#missing.splice(0)];
    return { ...tidied, damaged, remarks: this.#remarks.splice(0) };
  }

  close(meta: Readonly<Record<string, string>>): void {
    try {
      const db = this.#db;
      if (db) {
        this.#putMeta(db, meta);
        this.#raiseFloor([], meta);
        db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      }
    } finally {
      this.#drop();
      this.#lock.release();
    }
  }

  #open(remarks: string[]): Opened {
    this.#drop();
    const { db, migrated } = openForWriting(this.#file, this.#script);
    this.#db = db;
    this.#inode = inodeOf(this.#file);
    if (migrated.from > 0 && migrated.from < migrated.to)
      remarks.push(`store brought from version ${migrated.from} to ${migrated.to}`);
    const damaged: Gap[] = [];
    const found = heads(db, (gap, row) => {
      damaged.push(gap);
      this.#quarantine(db, gap, row);
    });
    if (damaged.length > 0) remarks.push(`${damaged.length} damaged batches set aside`);
    this.#boots = new Map(bootsOf(db).map((boot) => [boot.boot, boot]));
    this.#compacted = Number(metaOf(db, "compacted") ?? 0);
    const newest = Math.max(0, ...this.#boots.keys());
    if (this.#floor.boot > newest)
      remarks.push(
        `the store is an older copy (start ${newest} of ${this.#floor.boot}); numbers go on from where they were`,
      );
    return {
      boots: [...this.#boots.values()],
      names: mendNames(db, readNames(dirname(this.#file))),
      heads: found,
      cursors: cursorsOf(db),
      gaps: gapsOf(db),
      compacted: this.#compacted,
      spans: spansOf(db, this.#compacted, this.#boots),
      floor: this.#floor,
      remarks,
    };
  }

  /** A transaction; where the file stands in its way, once more on what can be saved of it. */
  #mended<T>(work: (db: DatabaseSync) => T): T {
    try {
      return this.#transaction(work);
    } catch (error) {
      if (!isDamage(error, this.#file)) throw error;
      this.#remarks.push(this.recover());
      return this.#transaction(work);
    }
  }

  #transaction<T>(work: (db: DatabaseSync) => T): T {
    const db = this.#ready();
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work(db);
      db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollback(db, error);
      throw error;
    }
  }

  /** The open database; opened again where a failing disk made us let go of it. */
  #ready(): DatabaseSync {
    if (this.#db) return this.#db;
    const { db } = openForWriting(this.#file, this.#script);
    this.#db = db;
    this.#inode = inodeOf(this.#file);
    this.#compacted = Number(metaOf(db, "compacted") ?? 0);
    return db;
  }

  #insert(db: DatabaseSync, commit: Commit): void {
    for (const log of logNames) {
      const rows = commit.rows.filter((row) => row.log === log);
      const insert = db.prepare(`INSERT OR REPLACE INTO ${log} (first, n, body) VALUES (?, ?, ?)`);
      for (const row of rows) insert.run(row.first, row.n, row.body);
    }
    const last = commit.rows.findLast((row) => row.log === "readings");
    if (commit.cursors !== null && last)
      db.prepare("UPDATE readings SET cursors = ? WHERE first = ?").run(commit.cursors, last.first);
    else if (commit.cursors !== null) putCell(db, "cursor", "*", commit.cursors);
    for (const name of commit.names) putName(db, name);
    for (const { kind, key, value } of commit.cells) putCell(db, kind, key, value);
    for (const gap of commit.gaps) putGap(db, gap);
    for (const boot of commit.boots) {
      db.prepare("INSERT OR REPLACE INTO boot VALUES (?, ?)").run(boot.boot, JSON.stringify(boot));
      if (boot.shift === null) continue;
      shiftSegments(db, boot);
      shiftGaps(db, boot.boot, boot.shift - (this.#boots.get(boot.boot)?.shift ?? 0));
    }
    this.#putMeta(db, commit.meta);
  }

  #tidy(db: DatabaseSync, order: TidyOrder): Omit<Tidied, "remarks"> {
    const tidied = compact(db, this.#compacted, this.#boots, order.all);
    for (const gap of tidied.damaged) this.#quarantine(db, gap);
    const compacted = tidied.upTo;
    if (compacted !== this.#compacted) this.#putMeta(db, { compacted: String(compacted) });
    let more = tidied.more;
    if (!more) {
      const names = namesOf(db);
      const counters = new Set(
        names.filter((n) => n.kind === "point" && order.counters.includes(n.text)).map((n) => n.id),
      );
      more = rollUpDays(db, order.now, order.keepRaw, counters);
    }
    if (!more) more = expire(db, order.now - order.keepRaw, order.now - order.keepMinutes).more;
    const trimmed = trim(db, order, compacted);
    return { ...trimmed, more: more || trimmed.more, compacted, damaged: tidied.damaged };
  }

  /** A damaged batch leaves the store for a file of its own, so that it can be looked at and is never read as sound. */
  #quarantine(db: DatabaseSync, gap: Gap, body?: Uint8Array): void {
    const bytes = body ?? db.prepare(`SELECT body FROM ${gap.log} WHERE first = ?`).get(gap.first)?.body;
    const folder = join(dirname(this.#file), "damaged");
    mkdirSync(folder, { recursive: true });
    if (bytes instanceof Uint8Array) writeFileSync(join(folder, `${gap.log}-${gap.first}.bin`), bytes);
    db.prepare(`DELETE FROM ${gap.log} WHERE first = ?`).run(gap.first);
    putGap(db, gap);
  }

  /** Somebody deleted or replaced the file under us: what we still hold open goes back to its place. */
  #stillThere(): void {
    if (!this.#db || inodeOf(this.#file) === this.#inode) return;
    const other = existsSync(this.#file) ? setAside(this.#file) : undefined;
    this.#db.prepare("VACUUM INTO ?").run(this.#file);
    this.#drop();
    this.#remarks.push(
      `the store was ${other ? `replaced while running (the other file is ${other})` : "deleted while running"}; it is back`,
    );
  }

  #raiseFloor(boots: readonly Boot[], meta: Readonly<Record<string, string>>): void {
    const reserved = { ...this.#floor.reserved };
    for (const log of logNames) reserved[log] = Number(meta[`reserved:${log}`] ?? reserved[log]);
    const boot = Math.max(this.#floor.boot, ...boots.map((one) => one.boot));
    const next = { boot, reserved };
    if (JSON.stringify(next) === JSON.stringify(this.#floor)) return;
    this.#floor = next;
    writeFloor(dirname(this.#file), next);
  }

  #rollback(db: DatabaseSync, error: unknown): void {
    try {
      if (db.isTransaction) db.exec("ROLLBACK");
    } catch {
      // The same disk that failed the commit may fail this too; letting go of the file undoes it as well.
    }
    // After a failed fsync nobody knows what is on disk: only opening the file again and reading it tells.
    if (troubleOf(error) !== "bug") this.#drop();
  }

  #putMeta(db: DatabaseSync, meta: Readonly<Record<string, string>>): void {
    const put = db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
    for (const [key, value] of Object.entries(meta)) put.run(key, value);
  }

  #drop(): void {
    const db = this.#db;
    this.#db = undefined;
    try {
      db?.close();
    } catch {
      // Closing checkpoints, which a broken disk refuses; the file is ours no longer either way.
    }
  }
}
