import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { SystemAnswer } from "../../../gateway/core/api.ts";
import { good } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import { healthDriver } from "../../../gateway/health.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { storeSettings } from "../../../gateway/log/settings.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { ledgerOf } from "../../sim/ledger.ts";
import { openTestStore, running, type TestStore, temporaryFolder } from "../../sim/store.ts";
import { world } from "../web/world.ts";

/** Numbers that do not deflate, in batches of a thousand over some days, the oldest first. */
async function fill(t: TestStore, batches: number, days: number): Promise<void> {
  const [mono, wall] = [t.clock.monotonic() - days * DAY, t.clock.now() - days * DAY];
  let state = 7;
  for (let b = 0; b < batches; b++) {
    const at = (b / batches) * days * DAY;
    const readings = Array.from({ length: 1_000 }, (_, i) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return good(`m/s${i % 10}`, epochMs(wall + at + i), state / 977);
    });
    const times = readings.map((_, i) => mono + at + i);
    await running(t.clock, t.store.readings.append(readings, times));
    if (b % 20 === 19) await running(t.clock, t.store.readings.trim());
  }
}

const used = (t: TestStore) => t.meters.sum("store_used_bytes");

test("a store that reaches its size gives up what a lost sink never took, then its oldest readings, and counts both", async () => {
  const settings = storeSettings.parse({ keep: { size: "1.5MB" } });
  const t = await openTestStore({ clock: new VirtualClock({ monotonic: 30 * DAY }), settings });
  const { store, clock, meters } = t;
  const ending = new AbortController();
  const options = { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal };
  const done = follow(store.readings, { name: "gone", apply: () => Promise.reject(new Error("offline")) }, options);
  await clock.advance(100);
  await fill(t, 240, 10);
  await running(clock, store.readings.trim(), 300_000);
  expect(meters.sum("follower_purged_total", { follower: "gone", reason: "size" })).toBeGreaterThan(10_000);
  expect(meters.sum("history_shed_total")).toBeGreaterThan(10_000);
  expect(used(t)).toBeLessThan(1.6e6);
  expect(ledgerOf(meters.all()).off).toEqual([]);
  expect(t.said.join("\n")).toMatch(/gone: \d+ readings that it never took are gone \(too many\)/);
  // The newest are there, and of the days that are gone the roll-ups.
  const now = clock.now();
  const [newest] = await store.history.range("m/s1", epochMs(now - DAY), epochMs(now), 1);
  expect(newest?.count).toBeGreaterThan(1_000);
  const whole = await store.history.range("m/s1", epochMs(now - 11 * DAY), epochMs(now), 11);
  expect(whole.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(24_000);
  const single = await store.history.range("m/s1", epochMs(now - 10 * DAY), epochMs(now - 9 * DAY), 1);
  expect(single[0]?.count).toBe(0);
  ending.abort();
  await running(clock, done);
});

test("how many days the disk lasts is a reading of the gateway from the start, and follows the rate", async () => {
  const settings = storeSettings.parse({ keep: { size: "10MB" } });
  const t = await openTestStore({ settings });
  const own = healthDriver(t.meters, t.clock);
  expect(own.points.map((point) => point.id)).toContain("gateway/store_days_left");
  const left = () => t.meters.sum("store_days_left");
  expect(left()).toBe(3_650);
  await running(t.clock, t.store.readings.trim());
  const before = used(t);
  const began = t.clock.monotonic();
  for (let i = 0; i < 12; i++) {
    const at = t.clock.now();
    await running(
      t.clock,
      t.store.readings.append(Array.from({ length: 1_000 }, (_, n) => good(`m/s${n % 7}`, at, Math.sin(n) * i))),
    );
    await t.clock.advance(MINUTE);
  }
  await running(t.clock, t.store.readings.trim());
  const perDay = ((used(t) - before) / (t.clock.monotonic() - began)) * DAY;
  expect(perDay).toBeGreaterThan(1e6);
  expect(left()).toBeGreaterThan((0.7 * (10e6 - used(t))) / perDay);
  expect(left()).toBeLessThan((1.3 * (10e6 - used(t))) / perDay);
});

test("the page's interface says how many days the disk lasts, once an hour has shown how fast it fills", async () => {
  const [folder, clock] = [temporaryFolder(), new VirtualClock()];
  const { api, web } = await world({}, { clock, folder });
  onTestFinished(() => web.close());
  const disk = async () => ((await (await fetch(api("/system"))).json()) as SystemAnswer).disk;
  expect((await disk()).daysLeft).toBeNull();
  writeFileSync(join(folder, "more"), Buffer.alloc(1_000_000));
  await clock.advance(HOUR);
  const { free, perDay, daysLeft } = await disk();
  expect(perDay).toBeGreaterThanOrEqual(24e6);
  expect(perDay).toBeLessThan(25e6);
  expect(daysLeft).toBe(Math.floor(free / (perDay ?? 0)));
});

test("whoever holds the store open for long makes its write-ahead log grow: that is measured and told, and it is small again after", async () => {
  const t = await openTestStore();
  const wal = () => t.meters.sum("store_wal_bytes");
  const ask = async () => {
    for await (const _ of t.store.history.samples("m/s1", epochMs(0), t.clock.now())) return;
  };
  let n = 0;
  const flood = async (commits: number) => {
    for (let i = 0; i < commits; i++) {
      const readings = Array.from({ length: 20_000 }, () => good(`m/s${n % 10}`, t.clock.now(), Math.sin(n++) * 1e6));
      await running(t.clock, t.store.readings.append(readings));
    }
    await running(t.clock, t.store.readings.trim(), 300_000);
  };
  // Questions of our own end, so it is folded back all the time.
  for (let i = 0; i < 5; i++) await Promise.all([flood(4), ask()]);
  expect(wal()).toBeGreaterThan(0);
  expect(wal()).toBeLessThan(17e6);
  const other = new DatabaseSync(join(t.folder, "vigie.db"), { readOnly: true });
  other.exec("BEGIN");
  other.prepare("SELECT count(*) FROM readings").get();
  for (let i = 0; i < 20 && wal() < 34e6; i++) await flood(20);
  expect(wal()).toBeGreaterThan(32e6);
  expect(t.said.filter((line) => line.includes("another program has been reading vigie.db"))).toHaveLength(1);
  other.close();
  await flood(4);
  await flood(4);
  expect(wal()).toBeLessThan(17e6);
}, 60_000);
