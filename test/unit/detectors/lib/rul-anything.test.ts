import fc from "fast-check";
import { expect, test } from "vitest";
import { judge, learned, newTrendState, observe, type Rule } from "../../../../gateway/detectors/lib/rul-course.ts";

const number = fc.oneof(
  fc.double({ min: -1e12, max: 1e12, noNaN: true }),
  fc.constantFrom(0, 1, -1, 1e-300, 5, 5.000001),
  fc.integer({ min: -100, max: 100 }),
);

/** Series as machines send them: noise, flat stretches, jumps. */
const series = fc
  .array(fc.record({ value: number, times: fc.integer({ min: 1, max: 60 }) }), { minLength: 1, maxLength: 30 })
  .map((stretches) => stretches.flatMap(({ value, times }) => Array.from({ length: times }, () => value)));

const rule: fc.Arbitrary<Rule> = fc.record({
  limit: fc.option(number, { nil: undefined }),
  times: fc.double({ min: 1.1, max: 20, noNaN: true }),
  sign: fc.constantFrom(1 as const, -1 as const),
  scale: fc.constantFrom("log" as const, "linear" as const, undefined),
  learn: fc.constantFrom(0, 10_000),
  most: fc.constantFrom("watch" as const, "alert" as const),
});

test("whatever numbers come and however fast, all that is said and kept is finite and bounded", () => {
  fc.assert(
    fc.property(series, rule, fc.constantFrom(0, 100, 1_000, 3_600_000), (values, rule, every) => {
      const state = newTrendState();
      values.forEach((value, i) => {
        if (!observe(state, value, i * every, rule) || !learned(state, rule)) return;
        const { score, value: level, usual, remaining, calendar } = judge(state, rule);
        expect([score, level, usual, calendar].every(Number.isFinite)).toBe(true);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        if (!remaining) return;
        expect(remaining.low).toBeGreaterThanOrEqual(0);
        expect(remaining.low).toBeLessThanOrEqual(remaining.at);
        expect(remaining.at).toBeLessThanOrEqual(remaining.high);
        expect(Number.isFinite(remaining.high)).toBe(true);
      });
      const saved = JSON.stringify(state);
      expect(JSON.stringify(JSON.parse(saved))).toBe(saved);
      // A NaN in a list would be written as null.
      expect(saved).not.toMatch(/[[,]null/);
      expect(state.window.value.length).toBeLessThanOrEqual(128);
    }),
    { numRuns: 200 },
  );
});

test("what an older version saved, which knew of no jumps, is taken up and goes on", () => {
  const plain: Rule = { limit: undefined, times: 5, sign: 1, scale: "log", learn: 0, most: "alert" };
  let state = newTrendState();
  const feed = (from: number, to: number, value: number) => {
    for (let i = from; i < to; i++)
      if (observe(state, value + (i % 3) / 100, 1_000 * i, plain) && learned(state, plain)) judge(state, plain);
  };
  feed(0, 400, 1);
  state = JSON.parse(JSON.stringify({ ...state, jump: undefined }));
  feed(400, 410, 1);
  expect(state.level).toBeNull();
  feed(410, 430, 6);
  expect(state.level).toBe("alert");
});
