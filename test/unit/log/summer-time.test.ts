import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run as exportReadings } from "../../../gateway/cli/export.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import { lineOf } from "../../../gateway/sinks/influx/line.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = "Europe/Paris";
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test.each([
  { day: "2026-03-29", next: "2026-03-30", hours: 23, what: "clocks go forward" },
  { day: "2026-10-25", next: "2026-10-26", hours: 25, what: "clocks go back" },
])("on the day when $what there are $hours hours, every reading once and in order", async ({ day, next, hours }) => {
  const [from, to] = [new Date(`${day}T00:00`).getTime(), new Date(`${next}T00:00`).getTime()];
  expect((to - from) / HOUR).toBe(hours);
  const [folder, out] = [temporaryFolder(), join(temporaryFolder(), "out.csv")];
  const t = await openTestStore({ folder, clock: new VirtualClock({ wall: from - HOUR }) });
  const { store, clock } = t;
  // A reading a minute, an hour of them at once; while it passes, the hour before moves on into the history.
  const mono = clock.monotonic() - clock.now();
  for (let hour = -1; hour <= hours; hour++) {
    await clock.advance(Math.max(0, from + (hour + 1) * HOUR - clock.now()));
    const times = Array.from({ length: 60 }, (_, i) => from + hour * HOUR + i * MINUTE);
    const readings = times.map((at) => good("m/s", epochMs(at), (at - from) / MINUTE));
    await running(
      clock,
      store.readings.append(
        readings,
        times.map((at) => mono + at),
      ),
    );
  }
  const entries = await store.readings.after(0, 5_000);
  expect(entries.map(({ item }) => item.t)).toEqual(entries.map((_, i) => from + (i - 60) * MINUTE));
  expect(entries.every((entry, i) => i === 0 || entry.steady > (entries[i - 1]?.steady ?? 0))).toBe(true);
  const times = new Set(entries.map((entry) => lineOf("m", entry).split(" ").at(-1)));
  expect(times.size).toBe(entries.length);

  const buckets = await store.history.range("m/s", epochMs(from), epochMs(to), hours);
  expect(buckets.map(({ count, mean }) => [count, mean])).toEqual(
    Array.from({ length: hours }, (_, hour) => [60, hour * 60 + 29.5]),
  );
  const args = ["--point", "m/s", "--data", folder, "--from", day, "--to", next, "--out", out];
  expect(await exportReadings(args)).toBe(0);
  const [, ...lines] = readFileSync(out, "utf8").trim().split("\r\n");
  expect(lines.map((line) => Number(line.split(",")[1]))).toEqual(Array.from({ length: hours * 60 }, (_, i) => i));
});
