import { expect, test } from "vitest";
import { ruleHead } from "../../../gateway/alarms/rule.ts";
import { alarmSettings } from "../../../gateway/alarms/settings.ts";
import { backtestOf } from "../../../gateway/backtest/job.ts";
import { clock } from "../../../gateway/clock.ts";
import type { Historian } from "../../../gateway/core/history.ts";
import type { Point } from "../../../gateway/core/point.ts";
import { epochMs, HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import { gathered } from "./gathered.ts";

const point: Point = {
  id: "press/oil",
  machine: "press",
  signal: { name: "oil", unit: "bar", kind: "gauge", every: SECOND },
  driver: "d",
  device: "x",
};

/** Once a second 3 bar; every tenth minute is a minute at 0.4. */
const history: Historian = {
  range: async () => [],
  counted: async () => null,
  async *samples(_point, from, to) {
    for (let t = from + 0; t < to; t += SECOND)
      yield { t: epochMs(t), value: Math.floor((t - from) / MINUTE) % 10 === 9 ? 0.4 : 3 };
  },
};

const parts = {
  history,
  site: { id: "s", name: "S", timezone: "UTC", language: "en" },
  machines: new Map([["press", { id: "press", name: { fr: "Presse", en: "Press" } }]]),
  points: [point],
  plugins: new Map([["limit", limit]]),
  rules: [
    {
      head: ruleHead.parse({ id: "oil-low", type: "limit", point: point.id, ackRequired: false }),
      options: limit.options.parse({ low: 1 }),
    },
  ],
  settings: alarmSettings.parse({}),
} as const;

test("a job tells what would have fired and when, and how far it came", async () => {
  const lines = await gathered(backtestOf(parts, clock)({ from: 0, to: HOUR }, new AbortController().signal));
  const found = lines.flatMap((line) => (line.kind === "found" ? [line] : []));
  expect(found.map(({ t, rule, level }) => [Math.round(t / MINUTE), rule, level])).toEqual(
    [9, 19, 29, 39, 49, 59].map((minute) => [minute, "oil-low", "alert"]),
  );
  expect(found[0]).toMatchObject({ machine: "press", point: "press/oil", text: { en: "oil 0.4 bar, below 1 bar" } });
  expect(lines.at(-1)).toEqual({ kind: "done", at: HOUR - SECOND, readings: 3_600, alerts: 6, watches: 0 });
});

test("a job ends where it has found too much or takes too long, and says so", async () => {
  const signal = new AbortController().signal;
  const many = await gathered(backtestOf(parts, clock, { longest: HOUR, most: 2 })({ from: 0, to: HOUR }, signal));
  expect(many.at(-1)).toMatchObject({ kind: "done", alerts: 2, short: "many" });
  const long = await gathered(backtestOf(parts, clock, { longest: 0, most: 9 })({ from: 0, to: HOUR }, signal));
  expect(long.at(-1)).toMatchObject({ kind: "done", readings: 64, short: "time" });
});

test("a job whose asker has gone ends without another word", async () => {
  const gone = new AbortController();
  const lines: string[] = [];
  for await (const { kind } of backtestOf(parts, clock)({ from: 0, to: 1_000 * HOUR }, gone.signal)) {
    lines.push(kind);
    gone.abort();
  }
  expect(lines).toEqual(["found"]);
});

test("a long job leaves the main thread to others again and again", async () => {
  const gone = new AbortController();
  const job = gathered(backtestOf(parts, clock)({ from: 0, to: 1_000 * HOUR }, gone.signal));
  let [longest, turns, before] = [0, 0, performance.now()];
  while (turns < 50) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - before);
    turns++;
    before = now;
  }
  gone.abort();
  await job;
  // Slices of 4 ms; the rest is room for a busy machine.
  expect(longest).toBeLessThan(200);
});
