import { expect, test } from "vitest";
import { extentOf, risenMost } from "../../../dashboard/src/chart/levels.ts";
import type { WaterfallAnswer } from "../../../gateway/core/api.ts";

const weeks = (...rows: (number | null)[][]): WaterfallAnswer => ({
  point: "tour-2/spindle_z",
  bands: [100, 1_000],
  rows: rows.map((levels, t) => ({ t, levels })),
});

test("the picture reaches from the loudest to 40 dB below it, and no further down than anything was", () => {
  expect(extentOf(weeks([-80, -20], [null, -30]))).toEqual([-60, -20]);
  expect(extentOf(weeks([-30, -20]))).toEqual([-30, -20]);
  expect(extentOf(weeks([null, null]))).toBeUndefined();
  expect(extentOf(weeks())).toBeUndefined();
});

test("the band that has risen most is named, whatever was silent in between", () => {
  const found = risenMost(weeks([-50, -40], [null, null], [-50, -36], [-49, -30], [-49, -28]));
  expect(found).toEqual({ band: 1_000, by: 12 });
});

test("nothing is said of a rise before there is a beginning and an end", () => {
  expect(risenMost(weeks([-50, -40], [-40, -20]))).toBeUndefined();
  expect(risenMost(weeks([null, -40], [null, -40], [-20, -40]))).toEqual({ band: 1_000, by: 0 });
});
