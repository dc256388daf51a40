import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { numberOf } from "../../gateway/core/reading.ts";
import { openStore } from "../../gateway/log/store.ts";

export interface Told {
  /** The last number that the writer said is saved. */
  saved: number;
  /** The last number whose cell it said is saved. */
  cell: number;
}

/** Starts the writer on a folder; `told` grows as it speaks. */
export async function startWriter(folder: string, first: number, through: string[] = []) {
  const [command = process.execPath, ...rest] = [
    ...through,
    process.execPath,
    join(import.meta.dirname, "writer.ts"),
    folder,
    String(first),
  ];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const told: Told = { saved: first - 1, cell: -1 };
  const lines = createInterface({ input: child.stdout });
  const open = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      const [word, number] = line.split(" ");
      if (word === "open") resolve();
      if (word === "saved") told.saved = Math.max(told.saved, Number(number));
      if (word === "cell") told.cell = Math.max(told.cell, Number(number));
    });
  });
  await Promise.race([
    open,
    once(child, "exit").then(([code]) => Promise.reject(new Error(`writer ended with ${code}`))),
  ]);
  return { child, told };
}

export interface Found {
  /** Numbers 0 … last are all there, once each, in order; else the first that is not. */
  last: number;
  wrong: string | undefined;
  cell: number;
  openMs: number;
}

/** Opens the folder as a gateway would, and reads all that is in it. */
export async function check(folder: string): Promise<Found> {
  const started = performance.now();
  const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }) });
  const openMs = performance.now() - started;
  try {
    let [last, wrong, seq] = [-1, undefined as string | undefined, 0];
    for (let more = true; more; ) {
      const entries = await store.readings.after(seq, 5_000);
      more = entries.length > 0;
      for (const entry of entries) {
        const value = numberOf(entry.item);
        if (entry.seq <= seq) wrong ??= `seq ${entry.seq} after ${seq}`;
        if (value !== last + 1) wrong ??= `${value} after ${last} at seq ${entry.seq}`;
        [last, seq] = [value ?? last, entry.seq];
      }
    }
    const cell = Number((await store.cells.load("count")).get("n") ?? -1);
    return { last, wrong, cell, openMs };
  } finally {
    await store.close();
  }
}
