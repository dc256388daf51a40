import { describe, expect, test } from "vitest";
import { aligned, bucketsFor, columnsOf, extent } from "../../../dashboard/src/chart/series.ts";
import { between, lastOf, moved, zoomed } from "../../../dashboard/src/chart/window.ts";
import type { Bucket } from "../../../gateway/core/history.ts";
import { epochMs } from "../../../gateway/core/time.ts";

const full = (t: number, mean: number): Bucket => ({
  t: epochMs(t),
  min: mean - 1,
  mean,
  max: mean + 1,
  count: 2,
  bad: 0,
});
const empty = (t: number, why?: Bucket["why"], bad = 0): Bucket => ({
  t: epochMs(t),
  min: null,
  mean: null,
  max: null,
  count: 0,
  bad,
  ...(why && { why }),
});
const columns = (buckets: Bucket[], every = 1_000, to = 1e9, now = 1e9) =>
  columnsOf({ point: "a/b", unit: "1", buckets }, to, every, now);

describe("what is drawn of a history", () => {
  test("a silence with a cause is a gap that breaks the line and names the cause", () => {
    const found = columns([full(0, 5), empty(10_000, "timeout", 3), empty(20_000, "timeout", 3), full(30_000, 7)]);
    expect(found.gaps).toEqual([{ from: 10_000, to: 30_000, why: "timeout" }]);
    expect(found.mean).toEqual([5, null, 7]);
  });

  test("a silence that nobody explains is a gap too", () => {
    expect(columns([full(0, 5), empty(10_000), full(20_000, 7)]).gaps).toEqual([
      { from: 10_000, to: 20_000, why: "unknown" },
    ]);
  });

  test("empty buckets between two readings of a slow point are no gap", () => {
    const found = columns([full(0, 5), empty(10_000), empty(20_000), full(30_000, 7)], 30_000);
    expect(found.gaps).toEqual([]);
    expect(found.mean).toEqual([5, 7]);
  });

  test("one silence with two causes is two gaps", () => {
    const found = columns([full(0, 5), empty(10_000, "gateway_off"), empty(20_000, "timeout", 2), full(30_000, 7)]);
    expect(found.gaps.map(({ why }) => why)).toEqual(["gateway_off", "timeout"]);
  });

  test("what was before the first record is not blamed on the first fault", () => {
    const silent = [0, 1, 2, 3, 4, 5].map((n) => empty(n * 10_000));
    const found = columns([...silent, empty(60_000, "port", 1), full(70_000, 7)]);
    expect(found.gaps).toEqual([
      { from: 0, to: 60_000, why: "none" },
      { from: 60_000, to: 70_000, why: "port" },
    ]);
  });

  test("the pauses between the failures of a slow point belong to the failure", () => {
    const pattern = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
      n % 4 === 1 ? empty(n * 1_000, "timeout", 1) : empty(n * 1_000),
    );
    expect(columns([full(-1_000, 5), ...pattern, full(8_000, 5)], 4_000).gaps).toEqual([
      { from: 0, to: 8_000, why: "timeout" },
    ]);
  });

  test("the future is no gap, and neither is the second not yet written", () => {
    const found = columns([full(0, 5), full(1_000, 6), empty(2_000), empty(3_000), empty(4_000)], 1_000, 5_000, 3_500);
    expect(found.gaps).toEqual([]);
  });

  test("a point that fell silent and never came back is a gap up to now", () => {
    const found = columns([full(0, 5), ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => empty(n * 1_000))], 1_000, 9_000, 9_000);
    expect(found.gaps).toEqual([{ from: 1_000, to: 9_000, why: "unknown" }]);
  });

  test("the extent is that of the range, not of the mean", () => {
    expect(extent(columns([full(0, 5), full(1_000, 9)]))).toEqual([4, 10]);
    expect(extent(columns([]))).toBeUndefined();
  });

  test("a line of last week stands under the same hours", () => {
    const week = 7 * 86_400_000;
    const now = columns([full(week, 1), full(week + 10_000, 2)], 1_000, 1e12, 1e12);
    const before = columns([full(0, 11), full(10_000, 12)]);
    expect(aligned(now.t, before, week)).toEqual([11, 12]);
    expect(aligned(now.t, before, 0)).toEqual([null, null]);
  });

  test("no more buckets are asked for than pixels can show or readings can fill", () => {
    expect(bucketsFor(86_400_000, 700, 1_000)).toBe(350);
    expect(bucketsFor(600_000, 700, 60_000)).toBe(10);
    expect(bucketsFor(86_400_000, 10_000, 1_000)).toBe(800);
  });
});

describe("moving through time", () => {
  const now = 1_000_000_000;

  test("zooming out of the present stays in the present", () => {
    expect(zoomed(lastOf(60_000, now), 2, 0, now)).toEqual({ from: now - 120_000, to: now, live: true });
  });

  test("zooming keeps the moment under the finger where it is", () => {
    const shown = { from: 0, to: 100_000, live: false };
    expect(zoomed(shown, 0.5, 25_000, now)).toEqual({ from: 12_500, to: 62_500, live: false });
  });

  test("a chart pushed into the future follows the present", () => {
    expect(moved({ from: now - 100_000, to: now - 10_000, live: false }, 0.5, now)).toEqual({
      from: now - 90_000,
      to: now,
      live: true,
    });
  });

  test("a stretch selected from right to left, however thin, is a stretch", () => {
    expect(between(60_000, 20_000, now)).toEqual({ from: 20_000, to: 60_000, live: false });
    const thin = between(20_000, 20_001, now);
    expect(thin.to - thin.from).toBeGreaterThanOrEqual(10_000);
  });
});
