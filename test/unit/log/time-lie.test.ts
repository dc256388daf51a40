import { expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { lineOf } from "../../../gateway/sinks/influx/line.ts";
import { openTestStore, running } from "../../sim/store.ts";

test("a time server that lies by six hours and then tells the truth: nothing out of order, nothing overwritten, the right time again", async () => {
  const t = await openTestStore();
  const { store, clock, said } = t;
  let value = 0;
  const minutes = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await running(clock, store.readings.append([good("m/s", clock.now(), value++)]));
      await clock.advance(MINUTE);
    }
  };
  await minutes(5);
  const boot = store.time.boot;
  clock.step(6 * HOUR);
  await minutes(10);
  clock.step(-6 * HOUR);
  await minutes(10);

  expect(Math.abs(store.time.now() - clock.now())).toBeLessThan(SECOND);
  expect(store.time.boot).toBeGreaterThan(boot);
  expect(said.join("\n")).toMatch(/the clock was moved by .*; following it/);
  expect(said.join("\n")).toMatch(/the clock was put back by .*; following it under a new boot number/);
  const entries = await store.readings.after(0, 1_000);
  expect(entries.map(({ item }) => "value" in item && item.value)).toEqual(Array.from({ length: value }, (_, i) => i));
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1];
    if (before) expect(entry.steady).toBeGreaterThan(before.steady);
    if (before) expect(entry.boot).toBeGreaterThanOrEqual(before.boot);
  }
  expect(new Set(entries.map((entry) => lineOf("m", entry).split(" ").at(-1))).size).toBe(entries.length);
});
