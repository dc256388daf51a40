import { afterEach, expect, test, vi } from "vitest";
import { Meters } from "../../gateway/core/meter.ts";
import type { Reading } from "../../gateway/core/reading.ts";
import { SECOND } from "../../gateway/core/time.ts";
import { healthDriver } from "../../gateway/health.ts";
import { VirtualClock } from "../sim/clock.ts";

afterEach(() => vi.restoreAllMocks());

/** Everything the gateway says of itself in its first half minute. */
async function heard(meters: Meters): Promise<Reading[]> {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const readings: Reading[] = [];
  const listening = (async () => {
    for await (const batch of healthDriver(meters, clock).run(stop.signal)) readings.push(...batch.readings);
  })();
  await clock.advance(32 * SECOND);
  stop.abort();
  await listening;
  return readings;
}

test("without a file descriptor the memory has no number, and the heart beats on", async () => {
  vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
    throw Object.assign(new Error("EMFILE: too many open files, uv_resident_set_memory"), { code: "EMFILE" });
  });
  const readings = await heard(new Meters());
  const of = (name: string) => readings.filter(({ point }) => point === `gateway/${name}`);
  expect(of("memory_bytes")).toMatchObject([
    { quality: "bad", why: "device" },
    { quality: "bad", why: "device" },
  ]);
  expect(of("uptime_seconds")).toMatchObject([{ quality: "good" }, { quality: "good" }]);
  expect(of("heartbeat").length).toBeGreaterThanOrEqual(32);
});

test("one who cannot be measured stands in nobody's way", () => {
  const meters = new Meters();
  const after = meters.gauge("after", "What is measured after it");
  meters.probe(() => {
    throw new Error("no");
  });
  meters.probe(() => {
    after.value = 7;
  });
  expect(meters.all()).toContain(after);
  expect(after.value).toBe(7);
  expect(meters.sum("probes_failed_total")).toBe(1);
});
