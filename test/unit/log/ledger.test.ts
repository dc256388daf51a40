import pino from "pino";
import { expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR } from "../../../gateway/core/time.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { storeSettings } from "../../../gateway/log/settings.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { ledgerOf } from "../../sim/ledger.ts";
import { openTestStore, running } from "../../sim/store.ts";

test("what is too old for a sink that never came back is removed, counted, and the ledger still adds up", async () => {
  const settings = storeSettings.parse({ keep: { backlog: "2d", raw: "3d" } });
  const t = await openTestStore({ clock: new VirtualClock({ monotonic: 30 * DAY }), settings });
  const { store, clock, meters } = t;
  const ending = new AbortController();
  const options = { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal };
  const done = Promise.all([
    follow(store.readings, { name: "gone", apply: () => Promise.reject(new Error("offline")) }, options),
    follow(store.readings, { name: "here", apply: async () => undefined }, options),
  ]);
  await clock.advance(100);
  // Four days, an hour apart; each hour is a batch of its own, because it is saved before the next one comes.
  for (let hour = 96; hour > 0; hour--) {
    const [mono, wall] = [clock.monotonic() - hour * HOUR, clock.now() - hour * HOUR];
    const readings = Array.from({ length: 30 }, (_, i) => good("m/s", epochMs(wall + i), i));
    await running(
      clock,
      store.readings.append(
        readings,
        readings.map((_, i) => mono + i),
      ),
    );
  }
  // The newest 500 batches stay whatever happens, so more must come before any can go.
  // Twenty at once are a commit at once.
  const twenty = () => Array.from({ length: 20 }, (_, i) => good("m/s", clock.now(), i));
  for (let i = 0; i < 520; i++) await running(clock, store.readings.append(twenty()));
  await running(clock, store.readings.trim());
  meters.all();
  const purged = meters.sum("follower_purged_total", { follower: "gone", reason: "age" });
  expect(purged).toBeGreaterThanOrEqual(30 * 46);
  expect(purged).toBeLessThanOrEqual(30 * 49);
  const stored = meters.sum("readings_stored_total");
  for (const follower of ["gone", "here"]) {
    const of = (name: string) => meters.sum(name, { follower });
    expect(of("follower_delivered_total") + of("follower_pending") + of("follower_purged_total"), follower).toBe(
      stored,
    );
  }
  ending.abort();
  await running(clock, done);
});

test("a reading that a follower never had and nobody counted is named by the ledger", async () => {
  const t = await openTestStore();
  const { store, clock, meters } = t;
  const ending = new AbortController();
  const options = { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal };
  const done = follow(store.readings, { name: "mqtt", apply: async () => undefined }, options);
  await clock.advance(100);
  await running(clock, store.readings.append(Array.from({ length: 50 }, (_, i) => good("m/s", clock.now(), i))));
  await clock.until(() => meters.sum("follower_delivered_total") === 50);
  expect(ledgerOf(meters.all()).off).toEqual([]);
  meters.counter("follower_delivered_total", "", { follower: "mqtt" }).value--;
  expect(ledgerOf(meters.all()).off).toEqual([expect.stringContaining("follower mqtt of readings")]);
  meters.counter("readings_accepted_total", "").value++;
  expect(ledgerOf(meters.all()).off[0]).toContain("log readings");
  ending.abort();
  await running(clock, done);
});
