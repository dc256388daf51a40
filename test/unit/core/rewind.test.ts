import { cpSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { backwards, placeBefore } from "../../../gateway/core/rewind.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

/** A log whose first run ended without warning, so that the numbers of the second begin millions later. */
async function leaping() {
  const before = await openTestStore();
  const values = (from: number, n: number) => Array.from({ length: n }, (_, i) => good("m/s", epochMs(from + i), 1));
  await running(before.clock, before.store.readings.append(values(0, 2_500)));
  const folder = temporaryFolder();
  cpSync(before.folder, folder, { recursive: true });
  const { store, clock } = await openTestStore({ folder });
  await running(clock, store.readings.append(values(2_500, 3)));
  return { log: store.readings };
}

test("the newest entries are counted, not computed, where numbers leap", async () => {
  const { log } = await leaping();
  const { newest } = log.head();
  expect(newest).toBeGreaterThan(1_000_000);
  expect(placeBefore(log, newest, 2)).toBe(newest - 2);
  expect(placeBefore(log, newest, 10)).toBe(2_493);
  expect(placeBefore(log, newest - 3, 500)).toBe(2_000);
  expect(placeBefore(log, newest, 1_000_000)).toBe(0);
});

const burst = (t: number) =>
  ({ point: "m/s", t: epochMs(t), rate: 1_000, samples: new Float32Array(1), clipped: false }) as const;

test("a log to which nothing came between several ends without warning is counted as it is", async () => {
  let { folder, store, clock } = await openTestStore();
  const bursts = Array.from({ length: 57 }, (_, i) => burst(i));
  await running(clock, store.bursts.append(bursts));
  for (let ends = 0; ends < 3; ends++) {
    await running(clock, store.readings.append([good("m/s", epochMs(ends), 1)]));
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    ({ folder, store, clock } = await openTestStore({ folder: copy }));
  }
  await running(clock, store.bursts.append([burst(57)]));
  const { newest } = store.bursts.head();
  expect(store.bursts.count?.(0, newest)).toBe(58);
  expect(placeBefore(store.bursts, newest, 5)).toBe(53);
});

test("a log is read backwards over a leap, every entry once, in a few looks", async () => {
  const { log } = await leaping();
  const looks = vi.spyOn(log, "after");
  const found: number[] = [];
  for await (const { item } of backwards(log)) found.push(item.t);
  expect(found).toEqual(Array.from({ length: 2_503 }, (_, i) => 2_502 - i));
  expect(looks.mock.calls.length).toBeLessThan(10);
  const newest: number[] = [];
  for await (const { item } of backwards(log, { most: 45, atOnce: 20 })) newest.push(item.t);
  expect(newest).toEqual(found.slice(0, 45));
});
