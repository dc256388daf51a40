import { expect, test } from "vitest";
import trend from "../../../gateway/detectors/trend.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

/** What axes of machines do over and over: there and back, forwards and backwards, a table of positions. */
const cycles = {
  swing: (i: number) => 500 * Math.sin(i / 40),
  speed: (i: number) => [300, 0, -300, 0][Math.floor((i % 240) / 60)] ?? 0,
  steps: (i: number) => [0, 300, 0, -300, 0, 600, 200, -600][Math.floor((i % 320) / 40)] ?? 0,
} as const;

test.each(Object.entries(cycles))("%s: a cycle is learned to be usual, and a rise beyond it is still told", (_, at) => {
  const player = new Player(trend, {}, contextOf(trend, [{ name: "axis", every: 60 }]));
  const rough = noise(2);
  const alerts = (from: number, to: number, more: (i: number) => number) => {
    const before = player.findings.length;
    for (let i = from; i < to; i++) player.wait(60).reading(at(i) + more(i) + rough());
    return player.findings
      .slice(before)
      .filter(({ active, level }, i, all) => active && level === "alert" && all[i - 1]?.level !== "alert").length;
  };
  expect(alerts(0, 10_000, () => 0)).toBeLessThanOrEqual(5);
  expect(alerts(10_000, 30_000, () => 0)).toBe(0);
  expect(alerts(30_000, 60_000, (i) => (i - 30_000) / 5)).toBeGreaterThanOrEqual(1);
});
