import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { DamagedFile, openForReading, rowCrc } from "./database.ts";
import { readFloor } from "./floor.ts";
import { heads, spansOf } from "./heads.ts";
import type { CellRow, Peeked, Row } from "./protocol.ts";
import { bootsOf, cursorsOf, gapsOf, metaOf, namesOf } from "./rows.ts";

/** All that is small in a store, without writing a byte: also from a card that is read-only, or full. */
export function peek(file: string, tail: boolean): Peeked {
  const db = openPeeking(file);
  try {
    const boots = bootsOf(db);
    const compacted = Number(metaOf(db, "compacted") ?? 0);
    return {
      boots,
      names: namesOf(db),
      heads: heads(db, ({ log }) => {
        throw new DamagedFile(`the newest ${log} are damaged`);
      }),
      cursors: cursorsOf(db),
      gaps: gapsOf(db),
      compacted,
      spans: spansOf(db, compacted, new Map(boots.map((boot) => [boot.boot, boot]))),
      floor: readFloor(dirname(file)),
      cells: cellsOf(db),
      tail: tail ? tailOf(db) : [],
    };
  } finally {
    db.close();
  }
}

/** More of the log than this is not needed to go on from where it ends. */
const TAIL_BYTES = 8e6;

function tailOf(db: DatabaseSync): Row[] {
  const rows: Row[] = [];
  let bytes = 0;
  for (const row of db.prepare("SELECT first, n, body FROM readings ORDER BY first DESC").iterate()) {
    if (!(row.body instanceof Uint8Array)) continue;
    bytes += row.body.length;
    if (bytes > TAIL_BYTES) break;
    rows.push({ log: "readings", first: Number(row.first), n: Number(row.n), body: new Uint8Array(row.body) });
  }
  return rows.reverse();
}

function openPeeking(file: string): DatabaseSync {
  // A file that was closed well has no write-ahead log beside it, and SQLite need not make the files for one.
  if (!existsSync(`${file}-wal`)) return openAs(file, "immutable=1");
  if (existsSync(`${file}-shm`)) return openForReading(file);
  // One that was not, without the index of its log: nobody can write where it should be, so it is made in memory. SQLite
  // does that for whoever is alone with the file, and leaves out the locks, which want a file that can be written to.
  const db = openAs(file, "vfs=unix-none");
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  return db;
}

function openAs(file: string, how: string): DatabaseSync {
  const url = pathToFileURL(file);
  url.search = `?${how}`;
  return new DatabaseSync(url, { readOnly: true });
}

function cellsOf(db: DatabaseSync): CellRow[] {
  const cells: CellRow[] = [];
  for (const row of db.prepare("SELECT kind, key, value, crc FROM cell ORDER BY kind, key").iterate()) {
    const [kind, key, value] = [String(row.kind), String(row.key), String(row.value)];
    if (row.crc === rowCrc(kind, key, value)) cells.push({ kind, key, value });
  }
  return cells;
}
