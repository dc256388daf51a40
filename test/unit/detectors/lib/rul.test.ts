import { describe, expect, test } from "vitest";
import { localTrend, median, roughness } from "../../../../gateway/detectors/lib/kalman.ts";
import { normal, timeToLimit } from "../../../../gateway/detectors/lib/rul.ts";
import { add, BLOCKS, makeRoom, newWindow } from "../../../../gateway/detectors/lib/rul-window.ts";
import { noise } from "../../../noise.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("where a noisy series stands and how fast it moves", () => {
  test("a steady rise under noise is recovered within its own uncertainty", () => {
    const rough = noise(3);
    const times = range(200);
    const values = times.map((t) => 5 + 0.02 * t + 0.1 * rough());
    const trend = localTrend(times, values, { observed: 0.01, level: 0, slope: 1e-9 }, 1);
    expect(Math.abs(trend.level - (5 + 0.02 * 199))).toBeLessThan(3 * Math.sqrt(trend.levelVar));
    expect(Math.abs(trend.slope - 0.02)).toBeLessThan(3 * Math.sqrt(trend.slopeVar));
    expect(Math.sqrt(trend.slopeVar)).toBeLessThan(0.001);
  });

  test("noise is told from trend and from a jump", () => {
    const rough = noise(4);
    const values = range(400).map((t) => 3 * t + (t > 200 ? 500 : 0) + 0.5 * rough());
    expect(Math.sqrt(roughness(values))).toBeGreaterThan(0.42);
    expect(Math.sqrt(roughness(values))).toBeLessThan(0.58);
  });

  test("the middle of an even count lies between the two middle ones", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
  });
});

describe("time to the limit", () => {
  test("agrees with ten thousand walks towards it", () => {
    const rough = noise(11);
    const [drift, wander, distance, step] = [0.05, 0.02, 4, 0.5];
    const passages = range(10_000).map(() => {
      let at = 0;
      for (let t = step; ; t += step) {
        at += drift * step + Math.sqrt(wander * step) * rough();
        if (at >= distance || t > 2_000) return t;
      }
    });
    passages.sort((a, b) => a - b);
    const told = timeToLimit({ level: 0, slope: drift, levelVar: 0, slopeVar: 0, both: 0 }, distance, wander, 1e9);
    for (const [share, value] of [
      [0.1, told?.low],
      [0.5, told?.at],
      [0.9, told?.high],
    ] as const) {
      const walked = passages[Math.floor(share * passages.length)] ?? 0;
      // The walk looks only every half unit and so passes a little late.
      expect(Math.abs((value ?? 0) / walked - 1)).toBeLessThan(0.06);
    }
  });

  test("is not told while it may well be falling, nor once it is reached, nor too far ahead", () => {
    const course = { level: 0, slope: 1, levelVar: 0.01, slopeVar: 0.04, both: 0 };
    expect(timeToLimit(course, 10, 0.01, 100)).not.toBeNull();
    expect(timeToLimit({ ...course, slopeVar: 2 }, 10, 0.01, 100)).toBeNull();
    expect(timeToLimit({ ...course, slope: -1 }, 10, 0.01, 100)).toBeNull();
    expect(timeToLimit({ ...course, level: 11 }, 10, 0.01, 100)).toBeNull();
    expect(timeToLimit(course, 10, 0.01, 9)).toBeNull();
  });

  test("where the course may say nothing of the end, it may last as long again as it has", () => {
    const course = { level: 0, slope: 1, levelVar: 0.01, slopeVar: 0, both: 0 };
    const sure = timeToLimit(course, 10, 0.01, 100);
    const doubtful = timeToLimit(course, 10, 0.01, 100, { share: 0.5, lasted: 20 });
    expect(sure?.high).toBeCloseTo(10.4, 0);
    // Nine in ten: all of the one half, and four fifths of what lasts t longer with a chance of t / (t + 20).
    expect(doubtful?.high).toBeCloseTo(80, 0);
    // One in ten: a fifth of those.
    expect(doubtful?.low).toBeCloseTo(5, 0);
    expect(timeToLimit(course, 10, 0.01, 100, { share: 0.5, lasted: 200 })).toBeNull();
  });

  test("normal distribution at known points", () => {
    expect(normal(0)).toBeCloseTo(0.5, 6);
    expect(normal(1.2816)).toBeCloseTo(0.9, 4);
    expect(normal(-2.3263)).toBeCloseTo(0.01, 4);
  });
});

describe("what a trend remembers", () => {
  test("any number of readings fits in 128 blocks that keep the mean and the span", () => {
    const window = newWindow();
    for (const i of range(5_000)) {
      add(window, i * 1_000, i * 1_000, i);
      makeRoom(window);
      expect(window.value.length).toBeLessThan(BLOCKS);
    }
    expect(window.value.length).toBeGreaterThanOrEqual(BLOCKS / 2);
    const means = window.value.map((value, i) => Math.abs(value * 1_000 - (window.run[i] ?? 0)));
    expect(Math.max(...means)).toBeLessThan(1e-6);
    expect(window.run[0]).toBeLessThan(64_000);
  });

  test("when a block lasts half an hour the oldest leaves instead", () => {
    const window = newWindow();
    const gone: number[] = [];
    for (const i of range(2_000)) {
      add(window, i * 600_000, i * 600_000, i);
      const left = makeRoom(window);
      if (left !== undefined) gone.push(left);
    }
    expect(window.size).toBe(4);
    expect(gone.length).toBeGreaterThan(300);
    expect(gone).toEqual([...gone].sort((a, b) => a - b));
  });
});
