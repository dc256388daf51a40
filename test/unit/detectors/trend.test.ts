import { describe, expect, test } from "vitest";
import type { Finding, MachineState } from "../../../gateway/core/detector.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import type { Point } from "../../../gateway/core/point.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import trend from "../../../gateway/detectors/trend.ts";
import { noise } from "../../noise.ts";

const START = Date.UTC(2026, 2, 2, 6);
const MINUTE = 60_000;

const vibration: Point = {
  id: "tour-2/spindle_vibration",
  machine: "tour-2",
  signal: {
    name: "spindle_vibration",
    unit: "mm/s",
    kind: "gauge",
    every: 1_000,
    title: { fr: "Vibration broche", en: "Spindle vibration" },
  },
  driver: "ligne-1",
  device: "capteur-1",
};
const filter: Point = {
  ...vibration,
  id: "laveuse-1/filter_dp",
  machine: "laveuse-1",
  signal: { name: "filter_dp", unit: "Pa", kind: "gauge", every: 1_000 },
};

type Said = Finding & { t: number };

interface Play {
  point?: Point;
  options?: object;
  every: number;
  count: number;
  value(i: number): number;
  state?(i: number): MachineState;
  saveEvery?: number;
}

function play({ point = vibration, options = {}, every, count, value, state = () => "running", saveEvery }: Play) {
  const context = {
    id: "r",
    site: { id: "s", name: "s", timezone: "Europe/Paris", language: "fr" as const },
    machine: { id: point.machine, name: { fr: "Tour", en: "Lathe" } },
    point,
    points: [point],
  };
  const detector = trend.create(trend.options.parse(options), context);
  let memory = detector.initial;
  const said: Said[] = [];
  for (let i = 0; i < count; i++) {
    const t = START + i * every;
    const entry: Entry<Reading> = Object.freeze({
      seq: i + 1,
      boot: 1,
      steady: steadyMs(i * every),
      tq: "synced" as const,
      item: Object.freeze(good(point.id, epochMs(t), value(i))),
    });
    const step = detector.step(memory, entry, { state: state(i), since: steadyMs(0) });
    memory = saveEvery && i % saveEvery === 0 ? JSON.parse(JSON.stringify(step.state)) : step.state;
    if (step.finding) said.push({ t, ...step.finding });
  }
  return { said, memory, learning: detector.learning?.(memory) };
}

/** A machine that wears from 1.6 mm/s by a factor e every `pace` readings, from reading `from` on. */
const wearing = (seed: number, from: number, pace: number, rough = 0.06) => {
  const next = noise(seed);
  return (i: number) => 1.6 * Math.exp(Math.max(0, i - from) / pace) * (1 + rough * next());
};

describe.each([1, 2, 4])("a machine that breaks within two minutes, at %i readings a second", (rate) => {
  const wears = wearing(rate, 30 * rate, 60 * rate);
  const count = 130 * rate;
  const values = Array.from({ length: count }, (_, i) => wears(i));
  const truth = START + (values.findIndex((value) => value >= 7.1) * 1_000) / rate;
  const { said } = play({
    options: { limit: 7.1, learn: "20s" },
    every: 1_000 / rate,
    count,
    value: (i) => values[i] ?? 0,
  });

  test("is announced with a date well before its limit", () => {
    const alert = said.find(({ active, level, forecast }) => active && level === "alert" && forecast);
    expect(alert).toBeDefined();
    expect(alert && (alert.t - START) / 1_000).toBeLessThan(75);
  });

  test("and from half way the interval then standing holds the true moment four times of five", () => {
    const from = said.filter(({ t }) => t < truth);
    let [held, told] = [0, 0];
    for (let t = START + 70_000; t < truth; t += 500) {
      const standing = from.findLast((one) => one.t <= t)?.forecast;
      if (!standing) continue;
      told++;
      if (standing.low <= truth && truth <= standing.high) held++;
    }
    expect(told).toBeGreaterThan(50);
    expect(held / told).toBeGreaterThanOrEqual(0.8);
  });

  test("the card dates the beginning and names part, value, baseline and limit", () => {
    const alert = said.find(({ level }) => level === "alert");
    expect(Math.abs((alert?.onset ?? 0) - (START + 30_000))).toBeLessThan(15_000);
    expect(alert?.part).toBe("bearing");
    expect(alert?.limit).toBe(7.1);
    expect(alert?.text.en).toMatch(
      /^Spindle vibration: [23]\.\d+ mm\/s, [12](\.\d)? times the usual \(1\.[56]\d? mm\/s\), rising since 07:00:\d\d\./,
    );
    expect(alert?.text.fr).toMatch(
      /^Vibration broche : [23],\d+ mm\/s, [12](,\d)? fois la valeur habituelle .* monte depuis 07:00:\d\d\./,
    );
  });
});

describe("a reading every ten minutes for weeks", () => {
  test("a slow rise that begins in the third week is found, dated and foretold", () => {
    const { said } = play({
      options: { limit: 7.1 },
      every: 10 * MINUTE,
      count: 3_200,
      value: wearing(5, 2_000, 1_000, 0.04),
    });
    const alert = said.find(({ level }) => level === "alert");
    expect(alert && (alert.t - START) / (10 * MINUTE)).toBeLessThan(2_000 + 1_000 * Math.log(1.6));
    expect(Math.abs(((alert?.onset ?? 0) - START) / (10 * MINUTE) - 2_000)).toBeLessThan(150);
    const truth = START + (2_000 + 1_000 * Math.log(7.1 / 1.6)) * 10 * MINUTE;
    const dated = said.find(({ level, forecast }) => level === "alert" && forecast);
    expect(dated && (dated.t - START) / (10 * MINUTE)).toBeLessThan(2_000 + 1_000 * Math.log(1.6));
    expect(dated?.forecast && dated.forecast.low < truth && truth < dated.forecast.high).toBe(true);
  });

  test("an excursion of a few hours is watched, not alerted, and taken back", () => {
    const next = noise(6);
    const { said } = play({
      every: 10 * MINUTE,
      count: 3_000,
      value: (i) => (i >= 2_000 && i < 2_025 ? 1.35 : 1) * 1.6 * (1 + 0.04 * next()),
    });
    expect(said.filter(({ level }) => level === "alert")).toEqual([]);
    expect(said.at(-1)?.active ?? false).toBe(false);
  });
});

describe("silence", () => {
  test.each([1, 2, 3, 4, 5])("a healthy machine is never spoken of (seed %i)", (seed) => {
    const next = noise(seed);
    const { said } = play({ every: MINUTE, count: 10_000, value: () => 1.6 * (1 + 0.1 * next()) });
    expect(said).toEqual([]);
  });

  test("single spikes and pairs of them are nothing", () => {
    const next = noise(7);
    const { said } = play({ every: 1_000, count: 3_000, value: (i) => (i % 50 < 2 ? 40 : 1.6 * (1 + 0.05 * next())) });
    expect(said).toEqual([]);
  });

  test("what is measured while the machine is idle or off counts for nothing", () => {
    const next = noise(8);
    const off = (i: number) => i % 200 >= 100;
    const { said } = play({
      every: 1_000,
      count: 4_000,
      value: (i) => (off(i) ? 6 : 1.6) * (1 + 0.05 * next()),
      state: (i) => (off(i) ? "idle" : "running"),
    });
    expect(said).toEqual([]);
  });

  test("it says how far it is with learning, and when it is over", () => {
    const learning = (count: number) =>
      play({ options: { learn: "10min" }, every: 1_000, count, value: wearing(9, 1e9, 1) }).learning;
    expect(learning(300)).toEqual({ seen: 299_000, needed: 600_000 });
    expect(learning(700)).toBeNull();
  });

  test("nothing is said before the machine has run as long as it was told to learn", () => {
    const { said } = play({ options: { learn: "1h" }, every: 1_000, count: 3_500, value: wearing(9, 600, 900) });
    expect(said).toEqual([]);
  });
});

test("nights count in the calendar: half the day off doubles the time left", () => {
  const day = 1_440;
  const running = (i: number) => i % day < day / 2;
  const used = (i: number) => Math.floor(i / day) * (day / 2) + Math.min(i % day, day / 2);
  const next = noise(10);
  const level = (i: number) => 1.6 * Math.exp(Math.max(0, used(i) - 5_000) / 6_000) * (1 + 0.05 * next());
  const { said } = play({
    options: { limit: 7.1 },
    every: MINUTE,
    count: 20 * day,
    value: level,
    state: (i) => (running(i) ? "running" : "off"),
  });
  const truth = START + ((5_000 + 6_000 * Math.log(7.1 / 1.6)) * 2 - day / 4) * MINUTE;
  const told = said.filter(({ level, forecast }) => level === "alert" && forecast);
  expect(told.length).toBeGreaterThan(2);
  const early = told[0];
  expect(early?.forecast && early.forecast.low < truth && truth < early.forecast.high).toBe(true);
});

test("a filter that clogs is named, on a linear scale that begins near nothing", () => {
  const next = noise(12);
  const { said } = play({
    point: filter,
    options: { limit: 600 },
    every: 100,
    count: 1_200,
    value: (i) => 12 + 10 * next() + Math.max(0, i - 300) * 0.6,
  });
  const alert = said.find(({ level, forecast }) => level === "alert" && forecast);
  expect(alert?.part).toBe("filter");
  const truth = START + (300 + 588 / 0.6) * 100;
  expect(alert?.forecast && alert.forecast.low < truth && truth < alert.forecast.high).toBe(true);
});

test("an oil pressure that falls to its lower limit is foretold too", () => {
  const next = noise(13);
  const { said } = play({
    options: { limit: 1, direction: "down", scale: "linear" },
    every: 1_000,
    count: 400,
    value: (i) => 4 - Math.max(0, i - 100) * 0.008 + 0.03 * next(),
  });
  const alert = said.find(({ level, forecast }) => level === "alert" && forecast);
  expect(alert?.text.en).toContain("falling since");
  const truth = START + (100 + 3 / 0.008) * 1_000;
  expect(alert?.forecast && alert.forecast.low < truth && truth < alert.forecast.high).toBe(true);
});

test("after a repair the finding is taken back and the machine is learned anew", () => {
  const worn = wearing(14, 200, 150);
  const next = noise(15);
  const { said } = play({
    options: { limit: 20 },
    every: 1_000,
    count: 1_500,
    value: (i) => (i < 400 ? worn(i) : 0.9 * (1 + 0.05 * next())),
  });
  expect(said.some(({ active, level }) => active && level === "alert")).toBe(true);
  expect(said.at(-1)?.active).toBe(false);
});

test("saved and restored at every step it says the same", () => {
  const run = (saveEvery?: number) =>
    play({
      options: { limit: 7.1 },
      every: 1_000,
      count: 300,
      value: wearing(16, 100, 80),
      ...(saveEvery && { saveEvery }),
    });
  expect(run(1).said).toEqual(run().said);
});

test("what it remembers stays small and a reading costs microseconds", () => {
  const value = wearing(17, 40_000, 30_000);
  const began = performance.now();
  const { memory } = play({ options: { limit: 7.1 }, every: 1_000, count: 60_000, value });
  expect(((performance.now() - began) * 1_000) / 60_000).toBeLessThan(50);
  expect(JSON.stringify(memory).length).toBeLessThan(64 * 1024);
});

test("vibration and filters are watched without being asked for; other points need a limit", () => {
  const context = (point: Point) => ({
    id: "r",
    site: { id: "s", name: "s", timezone: "Europe/Paris", language: "fr" as const },
    machine: { id: point.machine, name: { fr: "Tour", en: "Lathe" }, class: "I" as const },
    point,
    points: [point],
  });
  const temperature = { ...vibration, signal: { ...vibration.signal, name: "oil_temperature", unit: "Cel" } };
  expect(trend.byDefault?.(context(vibration))).toMatchObject({ limit: 4.5 });
  expect(trend.byDefault?.(context(filter))).toMatchObject({ part: "filter" });
  expect(trend.byDefault?.(context(temperature))).toBeUndefined();
});
