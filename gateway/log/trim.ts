import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { unseal } from "./frame.ts";
import { kindOf } from "./heads.ts";
import { expire } from "./history/daily.ts";
import { type LogName, logNames, type Tidied, type TidyOrder } from "./protocol.ts";

interface Trimming {
  oldest: Record<LogName, number>;
  purged: Tidied["purged"];
  removed: Record<LogName, number>;
  /** Single readings of the history that went because the file is too large. */
  shed: number;
  bytes: number;
  free: number;
  wal: number;
  /** It is still too large, and there is more to give. */
  more: boolean;
}

/** Stretches of ten minutes that leave a file that is too large at once; then it is looked at again. */
const SHED_SEGMENTS = 2;

/** Takes out what nobody wants any more, then what is too old or too much although somebody does. */
export function trim(db: DatabaseSync, order: TidyOrder, compacted: number): Trimming {
  const [bytes, free] = sizeOf(db);
  const result: Trimming = {
    oldest: { readings: 0, notices: 0, bursts: 0 },
    purged: { readings: null, notices: null, bursts: null },
    removed: { readings: 0, notices: 0, bursts: 0 },
    shed: 0,
    bytes,
    free,
    wal: statSync(`${db.location()}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    more: false,
  };
  // The newest rows stay, so that a detector can replay and a restarted follower finds them.
  const newest = Number(
    db.prepare("SELECT max(first) AS f FROM (SELECT first FROM readings ORDER BY first DESC LIMIT -1 OFFSET 500)").get()
      ?.f ?? 0,
  );
  remove(db, "readings", Math.min(order.wanted.readings, compacted + 1, newest), result);
  const old = firstAfter(db, "readings", order.backlogFrom);
  if (old > order.wanted.readings) purge(db, "readings", Math.min(old, compacted + 1), "age", result);
  if (bytes - free > order.bytes) {
    const tenth = db
      .prepare("SELECT first FROM readings ORDER BY first LIMIT 1 OFFSET (SELECT count(*) / 10 FROM readings)")
      .get()?.first;
    purge(db, "readings", Math.min(Number(tenth ?? 0), compacted + 1), "size", result);
    // Once the log has nothing more to give, the history gives its oldest single readings; roll-ups stay.
    if (!result.purged.readings) result.shed = expire(db, order.now, Number.NEGATIVE_INFINITY, SHED_SEGMENTS).readings;
    result.more = result.shed > 0 || result.purged.readings !== null;
  }
  for (let size = burstBytes(db); size > order.burstBytes; size = burstBytes(db))
    purge(db, "bursts", Number(db.prepare("SELECT min(first) + 1 AS f FROM bursts").get()?.f ?? 0), "size", result);
  for (const log of logNames)
    result.oldest[log] = Number(db.prepare(`SELECT min(first) AS f FROM ${log}`).get()?.f ?? 0);
  return result;
}

/** Rows whose last entry is below `before`, a bounded number at once. */
function remove(db: DatabaseSync, log: LogName, before: number, result: Trimming): void {
  const rows = db
    .prepare(
      `SELECT count(*) AS rows, coalesce(sum(n), 0) AS n, max(first) AS upTo FROM (SELECT first, n FROM ${log} WHERE first + n <= ? AND first < ? ORDER BY first LIMIT 2000)`,
    )
    .get(before, before);
  if (!rows || Number(rows.rows) === 0) return;
  db.prepare(`DELETE FROM ${log} WHERE first <= ?`).run(Number(rows.upTo));
  result.removed[log] += Number(rows.n);
}

function purge(db: DatabaseSync, log: LogName, before: number, reason: "age" | "size", result: Trimming): void {
  const was = result.removed[log];
  remove(db, log, before, result);
  if (result.removed[log] === was) return;
  const first = Number(db.prepare(`SELECT min(first) AS f FROM ${log}`).get()?.f ?? before);
  result.purged[log] = { upTo: first - 1, reason };
}

/** First seq of the log whose wall time is not before `t`. */
function firstAfter(db: DatabaseSync, log: LogName, t: number): number {
  for (const row of db.prepare(`SELECT first, body FROM ${log} ORDER BY first LIMIT 2000`).iterate()) {
    const header = row.body instanceof Uint8Array ? unseal(row.body, kindOf[log], Number(row.first)) : undefined;
    if (header && header.t >= t) return Number(row.first);
  }
  return 0;
}

const burstBytes = (db: DatabaseSync) =>
  Number(db.prepare("SELECT coalesce(sum(length(body)), 0) AS n FROM bursts").get()?.n ?? 0);

export function sizeOf(db: DatabaseSync): [bytes: number, free: number] {
  const one = (pragma: string) => Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] ?? 0);
  const page = one("page_size");
  return [one("page_count") * page, one("freelist_count") * page];
}
