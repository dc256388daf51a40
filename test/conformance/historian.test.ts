import { afterAll, beforeAll, describe } from "vitest";
import type { Historian } from "../../gateway/core/history.ts";
import type { Point } from "../../gateway/core/point.ts";
import type { Reading } from "../../gateway/core/reading.ts";
import { DAY } from "../../gateway/core/time.ts";
import { VirtualClock } from "../sim/clock.ts";
import { openTestStore, running, type TestStore } from "../sim/store.ts";
import { ENERGY, energies, historianSuite, NOON, temperatures } from "./historian.ts";

const meter: Point = {
  id: ENERGY,
  machine: "tour-2",
  signal: { name: "energy", unit: "kWh", kind: "counter", every: 60_000 },
  driver: "d",
  device: "d",
};

const ends: (() => void | Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** A store that has taken these readings as they came, days ago by its clock. */
async function storeWith(readings: readonly Reading[]): Promise<TestStore> {
  const now = NOON + 11 * DAY;
  const t = await openTestStore({
    clock: new VirtualClock({ wall: now, monotonic: 30 * DAY }),
    points: [meter],
    afterwards: (end) => void ends.push(end),
  });
  for (let i = 0; i < readings.length; i += 5_000) {
    const part = readings.slice(i, i + 5_000);
    const monotonic = part.map((reading) => t.clock.monotonic() - (t.clock.now() - reading.t));
    await running(t.clock, t.store.readings.append(part, monotonic));
  }
  return t;
}

describe("the local history", () => {
  let fresh: Historian;
  let compacted: Historian;
  beforeAll(async () => {
    const all = [...temperatures, ...energies].sort((a, b) => a.t - b.t);
    fresh = (await storeWith(all)).store.history;
    const tidied = await storeWith(all);
    await running(tidied.clock, tidied.store.readings.trim());
    compacted = tidied.store.history;
  });
  historianSuite("from the log", async () => fresh);
  historianSuite("from chunks and roll-ups", async () => compacted);
});
