import { mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { clock } from "../../gateway/clock.ts";
import type { Entry } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import type { Reading } from "../../gateway/core/reading.ts";
import { type Ground, openGround } from "../../gateway/log/stand-in.ts";
import type { Store, StoreOptions } from "../../gateway/log/store.ts";
import { memoryLogger } from "./store.ts";

export interface House extends Ground {
  meters: Meters;
  said: string[];
  close(): Promise<void>;
}

/** As the gateway opens it. Closed with the test, and what it has in memory goes with it. */
export async function openHouse(folder: string, how: Partial<StoreOptions> = {}): Promise<House> {
  const [meters, said]: [Meters, string[]] = [new Meters(), []];
  const say = memoryLogger(said);
  const ground = await openGround({ folder, clock, meters, say, evidence: async () => "ntp", ...how });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= ground.store.close();
    return closing;
  };
  onTestFinished(async () => {
    await close();
    if (ground.standIn) rmSync(ground.folder, { recursive: true, force: true });
  });
  return { ...ground, meters, said, close };
}

export async function everything(store: Store): Promise<Entry<Reading>[]> {
  const all: Entry<Reading>[] = [];
  for (;;) {
    const some = await store.readings.after(all.at(-1)?.seq ?? 0, 5_000);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export const valuesOf = (entries: readonly Entry<Reading>[]) =>
  entries.map(({ item }) => (item.quality === "bad" ? Number.NaN : item.value));

/** A disk that can be read, and whose store cannot be opened: SQLite finds a folder in the place of the lock. */
export function spoiled(folder: string): () => void {
  const lock = join(folder, "lock");
  renameSync(lock, `${lock}.away`);
  mkdirSync(lock);
  return () => {
    rmdirSync(lock);
    renameSync(`${lock}.away`, lock);
  };
}

/** Lets the stand-in find that its disk is good again, and go over to it. */
export async function goneOver(house: House): Promise<void> {
  const ending = new AbortController();
  const changed = Promise.withResolvers<void>();
  const running = house.standIn?.run(ending.signal, changed.resolve);
  await changed.promise;
  await running;
}
