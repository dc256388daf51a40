import type { DatabaseSync } from "node:sqlite";
import { DamagedFile } from "./database.ts";
import { KIND, unseal } from "./frame.ts";
import { isForeign, readColumns, timeAt } from "./pack.ts";
import { type Boot, type Gap, type LogName, logNames, type Opened } from "./protocol.ts";

export const kindOf = { readings: KIND.readings, notices: KIND.notices, bursts: KIND.bursts } as const;

/** Where each log ends. A batch at its end that is damaged is handed to `damaged`, and the one before it is looked at. */
export function heads(db: DatabaseSync, damaged: (gap: Gap, body: Uint8Array | undefined) => void): Opened["heads"] {
  const head = (log: LogName) => {
    const reserved = Number(db.prepare("SELECT value FROM meta WHERE key = ?").get(`reserved:${log}`)?.value ?? 0);
    const oldest = Number(db.prepare(`SELECT min(first) AS f FROM ${log}`).get()?.f ?? 0);
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const row = db.prepare(`SELECT first, n, body FROM ${log} ORDER BY first DESC LIMIT 1`).get();
      if (!row) return { newest: 0, oldest, reserved, lastT: 0, lastSteady: 0 };
      const [first, n] = [Number(row.first), Number(row.n)];
      const body = row.body instanceof Uint8Array ? row.body : undefined;
      const last = body && lastIn(log, body, first);
      if (last) return { newest: first + last.count - 1, oldest, reserved, lastT: last.t, lastSteady: last.steady };
      // A page that is half there shows a row under a number that does not lead to it: it cannot be taken out.
      if (first >= before || first < 1) throw new DamagedFile();
      before = first;
      damaged({ log, first, last: first + Math.max(1, n) - 1, why: "damaged", boot: 0, from: null, to: null }, body);
    }
  };
  return Object.fromEntries(logNames.map((log) => [log, head(log)])) as Opened["heads"];
}

function lastIn(
  log: LogName,
  body: Uint8Array,
  first: number,
): { count: number; t: number; steady: number } | undefined {
  if (log !== "readings") return unseal(body, kindOf[log], first);
  const columns = readColumns(body, first);
  if (!columns) return undefined;
  const { header } = columns;
  return { count: header.count, t: header.t, steady: header.steady + Math.max(0, ...columns.steady) };
}

/** First and last time of the readings of each boot, as well as it is known: from the history, and what is not in it yet. */
export function spansOf(db: DatabaseSync, compacted: number, boots: ReadonlyMap<number, Boot>): Opened["spans"] {
  const spans = new Map<number, { from: number; to: number }>();
  const widen = (boot: number, from: number, to: number) => {
    const known = spans.get(boot);
    spans.set(boot, { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) });
  };
  const segments = "SELECT boot, min(from_t) AS a, max(to_t) AS b FROM segment GROUP BY boot";
  for (const row of db.prepare(segments).all()) widen(Number(row.boot), Number(row.a), Number(row.b));
  for (const row of db.prepare("SELECT first, body FROM readings WHERE first > ?").iterate(compacted)) {
    const columns = row.body instanceof Uint8Array ? readColumns(row.body, Number(row.first)) : undefined;
    if (!columns) continue;
    const { boot, tq, count } = columns.header;
    const shift = tq === "unsynced" ? (boots.get(boot)?.shift ?? 0) : 0;
    for (let i = 0; i < count; i++)
      if (!isForeign(columns, i)) widen(boot, timeAt(columns, i) + shift, timeAt(columns, i) + shift);
  }
  return [...spans].sort(([a], [b]) => a - b);
}
