import { expect, test } from "vitest";
import type { Finding } from "../../../gateway/core/detector.ts";
import trend from "../../../gateway/detectors/trend.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

interface Course {
  name?: string;
  options: object;
  /** Seconds between two readings. */
  every: number;
  count: number;
  rough?: number;
  /** The level, in multiples of the usual. */
  at(i: number): number;
}

/** Readings from the change until somebody was called; undefined for never. */
function calledAfter({ name = "rms", options, every, count, rough = 0.04, at }: Course, change: number) {
  const player = new Player(trend, options, contextOf(trend, [{ name, unit: "[g]", every: every * 1_000 }]));
  const draw = noise(11);
  const isAlert = ({ active, level }: Finding) => active && level === "alert";
  for (let i = 0; i < count; i++) {
    player.wait(every * 1_000).reading(0.06 * at(i) * (1 + rough * draw()));
    if (player.findings.some(isAlert)) return i - change;
  }
  return undefined;
}

const tenMinutes = { options: { learn: "2d" }, every: 600, count: 3_000 } as const;
const HOURS = 6;

test("a knock that heals over some hours calls nobody", () => {
  const at = (i: number) => (i < 2_000 ? 1 : 1.07 + 0.33 * Math.exp(-(i - 2_000) / (5 * HOURS)));
  expect(calledAfter({ ...tenMinutes, at }, 2_000)).toBeUndefined();
});

test("half as large a rise that stays is told within ten hours", () => {
  const after = calledAfter({ ...tenMinutes, at: (i) => (i < 2_000 ? 1 : 1.17) }, 2_000);
  expect(after).toBeGreaterThan(4 * HOURS);
  expect(after).toBeLessThan(10 * HOURS);
});

test("a noisy gauge that rises by a fifth is told within the day", () => {
  const after = calledAfter({ ...tenMinutes, rough: 0.1, at: (i) => (i < 2_000 ? 1 : 1.22) }, 2_000);
  expect(after).toBeGreaterThan(4 * HOURS);
  expect(after).toBeLessThan(24 * HOURS);
});

const seconds = { options: {}, every: 10, count: 3_000 } as const;

test("what breaks at the end of a long life is told within a dozen readings", () => {
  const after = calledAfter({ ...seconds, at: (i) => (i < 2_900 ? 1 : 5) }, 2_900);
  expect(after).toBeLessThan(12);
});

test("a jump of three readings is none", () => {
  expect(calledAfter({ ...seconds, at: (i) => (i % 500 > 496 ? 8 : 1) }, 0)).toBeUndefined();
});

test("where nobody said how long to learn nor what is too much, twice the usual is no reason to call", () => {
  expect(calledAfter({ ...seconds, at: (i) => 1 + Math.min(1, Math.max(0, i - 500) / 1_000) }, 500)).toBeUndefined();
  expect(calledAfter({ ...seconds, at: (i) => 1 + Math.max(0, i - 500) / 500 }, 500)).toBeLessThan(2_000);
});

test.each([
  "h_peak",
  "kurt",
  "spindle_kurtosis",
  "crest",
])("%s counts single knocks: a hint, unless a limit was given", (name) => {
  const at = (i: number) => (i < 1_500 ? 1 : 6);
  expect(calledAfter({ ...seconds, name, at }, 1_500)).toBeUndefined();
  expect(calledAfter({ ...seconds, options: { limit: 0.2 }, name, at }, 1_500)).toBeLessThan(100);
});
