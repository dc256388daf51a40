import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { numberOf } from "../../gateway/core/reading.ts";
import { epochMs } from "../../gateway/core/time.ts";
import { openStore, STORE_FILE, type Store } from "../../gateway/log/store.ts";
import { Talker } from "./talker.ts";

export interface Told {
  /** The last number that the writer said is saved. */
  readonly saved: number;
  /** The last number whose cell it said is saved. */
  readonly cell: number;
}

export const WRITER = join(import.meta.dirname, "writer.ts");

/** Starts the writer on a folder; `told` grows as it speaks. */
export async function startWriter(folder: string, first: number, through: string[] = []) {
  const talker = await Talker.start(WRITER, [folder, String(first)], through);
  const told: Told = {
    get saved() {
      return Math.max(first - 1, talker.largest("saved"));
    },
    get cell() {
      return talker.largest("cell");
    },
  };
  return { child: talker.child, told };
}

export interface Found {
  /** Numbers 0 … last are all there, once each, in order, or `wrong` says which is not. */
  last: number;
  wrong: string | undefined;
  cell: number;
  /** When the last one was taken. */
  lastT: number;
  /** SQLite's own check of the file. */
  integrity: string;
  openMs: number;
}

/** Opens the folder as a gateway would, and reads all that is in it. */
export async function check(folder: string): Promise<Found> {
  const started = performance.now();
  const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }) });
  const openMs = performance.now() - started;
  try {
    let [last, wrong, seq, lastT] = [-1, undefined as string | undefined, 0, 0];
    for (let more = true; more; ) {
      const entries = await store.readings.after(seq, 5_000);
      more = entries.length > 0;
      for (const entry of entries) {
        const value = numberOf(entry.item) ?? -1;
        if (entry.seq <= seq) wrong ??= `seq ${entry.seq} after ${seq}`;
        // What is in the history and wanted by nobody may have left the log.
        if (value !== last + 1 && last !== -1) wrong ??= `${value} after ${last} at seq ${entry.seq}`;
        [last, seq, lastT] = [value, entry.seq, entry.item.t];
      }
    }
    wrong ??= await missingIn(store, last);
    const cell = Number((await store.cells.load("count")).get("n") ?? -1);
    return { last, wrong, cell, lastT, integrity: integrityOf(join(folder, STORE_FILE)), openMs };
  } finally {
    await store.close();
  }
}

/** The history must hold every number up to the last exactly once, whether it is in chunks or still in the log. */
async function missingIn(store: Store, last: number): Promise<string | undefined> {
  const times = new Uint8Array(last + 1);
  for (let point = 0; point < 5; point++)
    for await (const { value } of store.history.samples(`m/s${point}`, epochMs(0), epochMs(Date.now() + 60_000)))
      times[value ?? 0] = (times[value ?? 0] ?? 0) + 1;
  const odd = times.findIndex((count) => count !== 1);
  return odd < 0 ? undefined : `the history holds ${odd} ${times[odd]} times`;
}

function integrityOf(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return String(db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check);
  } finally {
    db.close();
  }
}
