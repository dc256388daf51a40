import { describe, expect, test } from "vitest";
import { trendOf } from "../../../dashboard/src/health-trend.ts";
import type { LivePoint } from "../../../dashboard/src/live.ts";
import { ageOf, isStale } from "../../../dashboard/src/live.ts";
import { sparkPaths } from "../../../dashboard/src/parts/spark.tsx";
import { wallFit } from "../../../dashboard/src/parts/wall-fit.ts";
import { byTrouble, byUrgency, mainPoint, statusOf } from "../../../dashboard/src/status.ts";
import type { AlarmAnswer, MachineAnswer } from "../../../gateway/core/api.ts";
import { epochMs } from "../../../gateway/core/time.ts";

const point = (some: Partial<LivePoint>): LivePoint => ({
  id: "tour-2/power",
  value: 1,
  unit: "W",
  quality: "good",
  t: epochMs(0),
  age: 0,
  machine: "tour-2",
  kind: "gauge",
  every: 1_000,
  heard: 0,
  ...some,
});
const machine: MachineAnswer = {
  id: "tour-2",
  name: { fr: "Tour", en: "Lathe" },
  code: "T2",
  state: "running",
  health: 90,
  points: [],
  alarms: 0,
};
const alarm = (some: Partial<AlarmAnswer>): AlarmAnswer => ({
  id: "a",
  machine: "tour-2",
  rule: "limit",
  class: "alarm",
  priority: "medium",
  level: "watch",
  state: "unacked",
  active: true,
  occurrence: 1,
  since: epochMs(0),
  text: "",
  texts: { fr: "", en: "" },
  ...some,
});

describe("the age of a value", () => {
  test("grows by itself while nothing is heard", () => {
    expect(ageOf(point({ age: 200, heard: 1_000 }), 4_000)).toBe(3_200);
    expect(ageOf(point({ age: null }), 4_000)).toBeNull();
  });

  test("greys a fast value after 3 s and a slow one after three of its periods", () => {
    expect(isStale(point({}), 2_900)).toBe(false);
    expect(isStale(point({}), 3_100)).toBe(true);
    expect(isStale(point({ every: 10_000 }), 29_000)).toBe(false);
    expect(isStale(point({ every: 10_000 }), 31_000)).toBe(true);
  });
});

describe("a machine at one glance", () => {
  test("an open alert comes before a handled one, before a watch, before silence, before well", () => {
    const status = (alarms: AlarmAnswer[], points = [point({})]) => statusOf(machine, alarms, points, 100);
    const handled = status([alarm({ level: "alert", state: "acked" })]);
    const open = status([alarm({ level: "alert" })]);
    const watch = status([alarm({})]);
    const silent = status([], [point({ age: 60_000 })]);
    const well = status([]);
    expect([well, silent, watch, handled, open].sort(byTrouble)).toEqual([open, handled, watch, silent, well]);
    expect(silent.tone).toBe("silent");
  });

  test("is silent when no sensor answers, though the gateway still concludes a state and a health", () => {
    const concluded = [point({ id: "tour-2/state", value: 2 }), point({ id: "tour-2/health", value: 100 })];
    const unanswered = point({ value: null, quality: "bad", why: "timeout" });
    expect(statusOf(machine, [], [unanswered, ...concluded], 100).silent).toBe(true);
    expect(statusOf(machine, [], [point({}), ...concluded], 100).silent).toBe(false);
  });

  test("shelved and suppressed alarms do not colour it", () => {
    expect(statusOf(machine, [alarm({ state: "shelved" }), alarm({ state: "suppressed" })], [point({})], 0).tone).toBe(
      "ok",
    );
  });

  test("the one thing to do is that of the most urgent alarm, and the others are counted", () => {
    const found = statusOf(
      machine,
      [
        alarm({ id: "low", priority: "low" }),
        alarm({ id: "high", priority: "high" }),
        alarm({ id: "old", state: "acked", level: "alert" }),
      ],
      [],
      0,
    );
    expect(found).toMatchObject({ first: { id: "high" }, others: 2 });
    expect([alarm({ id: "b", since: epochMs(1) }), alarm({ id: "c", since: epochMs(2) })].sort(byUrgency)[0]?.id).toBe(
      "c",
    );
  });

  test("its line is power, else vibration, else current", () => {
    const current = point({ id: "tour-2/current", unit: "A" });
    const vibration = point({ id: "tour-2/spindle", unit: "mm/s" });
    expect(mainPoint([current, vibration])).toBe(vibration);
    expect(mainPoint([current, vibration, point({})])?.unit).toBe("W");
    expect(mainPoint([point({ kind: "counter" })])).toBeUndefined();
  });
});

describe("the small line of a tile", () => {
  test("is broken where nothing was known", () => {
    const steps = [1, 2, null, 3].map((mean, i) => ({ t: 1_800_000 - (4 - i) * 20_000, mean }));
    expect(sparkPaths(steps, 1_800_000).line.match(/M/g)).toHaveLength(2);
    expect(sparkPaths([{ t: 0, mean: null }], 0).line).toBe("");
  });

  test("does not blow up noise: a value that stands still stays in the middle", () => {
    const ys = [
      ...sparkPaths(
        [100, 100.1, 99.9].map((mean, i) => ({ t: i * 20_000, mean })),
        60_000,
      ).line.matchAll(/ ([\d.]+)/g),
    ].map(([, y]) => Number(y));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(5);
  });
});

test("health rises or falls only by what a person should see", () => {
  const trend = (...means: (number | null)[]) =>
    trendOf({ buckets: means.map((mean, i) => ({ t: epochMs(i), min: mean, mean, max: mean, count: 1, bad: 0 })) });
  expect(trend(90, null, 80)).toBe("falling");
  expect(trend(80, 90)).toBe("rising");
  expect(trend(80, 82)).toBe("steady");
  expect(trend(null, 80)).toBeUndefined();
});

test("the wall picks the columns that make tiles largest, and never makes them too small to read", () => {
  expect(wallFit(4, 1920, 1080).columns).toBe(2);
  expect(wallFit(1, 1920, 1080).columns).toBe(1);
  expect(wallFit(8, 1080, 1920).columns).toBe(2);
  expect(wallFit(80, 1920, 1080).size).toBe(13);
});
