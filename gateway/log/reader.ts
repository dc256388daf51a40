import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { parentPort } from "node:worker_threads";
import { packFiles } from "./beside.ts";
import { openForReading, Refusal, troubleOf } from "./database.ts";
import { counted, type Deadline, page, range } from "./history/range.ts";
import { peek } from "./peek.ts";
import type { ReaderCall } from "./protocol.ts";
import { namesOf } from "./rows.ts";
import { answerOn } from "./rpc.ts";

/** The thread that answers questions. It never writes, and no question holds the log's snapshot for long. */
let db: DatabaseSync | undefined;
let file = "";
let inode = 0;

/** The store as it lies there now: the writer may have put a salvaged one in its place. */
function current(): DatabaseSync {
  const now = statSync(file).ino;
  if (db && now === inode) return db;
  db?.close();
  db = openForReading(file);
  inode = now;
  return db;
}

/** A longer read would keep the write-ahead log from being folded back into the store. */
const LIMIT_MS = 5_000;

function serve(call: ReaderCall): unknown {
  if (call.call === "open") {
    file = call.file;
    return null;
  }
  if (call.call === "peek") return peek(call.file, call.tail);
  const store = current();
  if (call.call === "backup") {
    store.prepare("VACUUM INTO ?").run(call.file);
    packFiles(call.file, dirname(file));
    return null;
  }
  if (call.call === "check") return store.prepare("PRAGMA quick_check(1)").get()?.quick_check === "ok";
  store.exec("BEGIN");
  try {
    return answer(store, call);
  } finally {
    store.exec("COMMIT");
  }
}

function answer(
  store: DatabaseSync,
  call: Exclude<ReaderCall, { call: "open" | "backup" | "check" | "peek" }>,
): unknown {
  const until = performance.now() + LIMIT_MS;
  const deadline: Deadline = () => {
    if (performance.now() > until) throw new Refusal("the question took too long: ask for a shorter time");
  };
  switch (call.call) {
    case "after":
      return after(store, call);
    case "range":
      return range(store, call, call.buckets, deadline);
    case "page":
      return page(store, call, deadline);
    case "names":
      return namesOf(store);
    case "counted":
      return counted(store, call, deadline);
  }
}

/** Whole batches, until `limit` entries are in them. */
function after(store: DatabaseSync, { log, seq, limit }: Extract<ReaderCall, { call: "after" }>) {
  const start = store.prepare(`SELECT max(first) AS f FROM ${log} WHERE first <= ?`).get(seq + 1)?.f ?? 0;
  const rows: { first: number; n: number; body: Uint8Array }[] = [];
  let entries = 0;
  for (const row of store
    .prepare(`SELECT first, n, body FROM ${log} WHERE first >= ? ORDER BY first`)
    .iterate(Number(start))) {
    const [first, n] = [Number(row.first), Number(row.n)];
    if (first + n <= seq + 1 || !(row.body instanceof Uint8Array)) continue;
    rows.push({ first, n, body: row.body });
    entries += n;
    if (entries >= limit + 1_000 || (entries >= limit && first > seq)) break;
  }
  return rows;
}

if (parentPort) answerOn<ReaderCall>(parentPort, serve, troubleOf);
