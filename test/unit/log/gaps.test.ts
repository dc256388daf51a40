import { expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

test("while the gateway was off the history says so, and nothing is drawn there", async () => {
  const folder = temporaryFolder();
  const before = await openTestStore({ folder });
  const start = before.clock.now();
  await running(before.clock, before.store.readings.append([good("m/s", start, 1)]));
  await before.close();

  const clock = new VirtualClock({ wall: start + HOUR });
  const after = await openTestStore({ folder, clock, kernel: "two" });
  await running(clock, after.store.readings.append([good("m/s", clock.now(), 2)]));
  const buckets = await after.store.history.range("m/s", epochMs(start), epochMs(start + HOUR + MINUTE), 61);
  expect(buckets[0]).toMatchObject({ count: 1, mean: 1 });
  expect(buckets[30]).toEqual({
    t: start + 30 * MINUTE,
    min: null,
    mean: null,
    max: null,
    count: 0,
    bad: 0,
    why: "gateway_off",
  });
  expect(buckets[60]).toMatchObject({ count: 1, mean: 2 });
});
