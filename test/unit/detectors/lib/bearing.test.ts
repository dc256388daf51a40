import { describe, expect, test } from "vitest";
import { envelopeSpectrum } from "../../../../gateway/detectors/lib/bearing-envelope.ts";
import {
  type BearingPart,
  likeliestPart,
  namedPart,
  partScores,
} from "../../../../gateway/detectors/lib/bearing-parts.ts";
import { designations, ordersFor, ordersOf } from "../../../../gateway/detectors/lib/bearing-table.ts";
import { noise } from "../../../noise.ts";
import { knocks } from "./knocks.ts";

describe("the bearing table", () => {
  test("knows forty and more, each with rates that are possible", () => {
    expect(designations().length).toBeGreaterThanOrEqual(40);
    for (const name of designations()) {
      const orders = ordersFor(name);
      expect(orders).toBeDefined();
      if (!orders) continue;
      // Both races together count every ball once a turn; the cage turns slower than half the shaft.
      expect(Number.isInteger(Math.round((orders.inner + orders.outer) * 1e9) / 1e9)).toBe(true);
      expect(orders.inner).toBeGreaterThan(orders.outer);
      expect(orders.cage).toBeGreaterThan(0.35);
      expect(orders.cage).toBeLessThan(0.5);
    }
  });

  // Factors that makers publish: SKF for the 6205, Timken's table of housed units for the others.
  test.each([
    { name: "6205", outer: 3.5848, inner: 5.4152, ball: 2.357, cage: 0.3983 },
    { name: "6203", outer: 3.053, inner: 4.947, ball: 1.994, cage: 0.382 },
    { name: "6204", outer: 3.052, inner: 4.948, ball: 1.992, cage: 0.382 },
    { name: "6206", outer: 3.568, inner: 5.432, ball: 2.311, cage: 0.396 },
    { name: "6210", outer: 4.093, inner: 5.907, ball: 2.665, cage: 0.409 },
    { name: "6308", outer: 3.023, inner: 4.977, ball: 1.925, cage: 0.378 },
    { name: "6312", outer: 3.064, inner: 4.936, ball: 2.02, cage: 0.383 },
    { name: "6004", outer: 3.578, inner: 5.422, ball: 2.339, cage: 0.398 },
  ])("$name agrees with its published factors", ({ name, ...published }) => {
    const orders = ordersFor(name);
    for (const [part, order] of Object.entries(published)) {
      const found = Object.entries(orders ?? {}).find(([key]) => key === part)?.[1] ?? 0;
      expect(Math.abs(found / order - 1)).toBeLessThan(0.002);
    }
  });

  test.each(["6205", "SKF 6205-2RS C3", "6205ZZ", " nsk 6205 ddu"])("%s is a 6205", (written) => {
    expect(ordersFor(written)).toEqual(ordersFor("6205"));
  });

  test("geometry from a data sheet serves where the table does not", () => {
    expect(ordersFor("16,8.407,71.501,15.17")).toEqual(ordersFor("ZA-2115"));
    expect(ordersFor("9,7.94,39.04")).toEqual(ordersOf({ balls: 9, ball: 7.94, pitch: 39.04 }));
  });

  test.each([
    "99999",
    "62051",
    "",
    "9,7.94",
    "9,40,39",
    "9,7.94,39.04,120",
    "2.5,7,39",
  ])("%j is not understood", (written) => {
    expect(ordersFor(written)).toBeUndefined();
  });
});

describe("which part knocks", () => {
  const orders = ordersOf({ balls: 9, ball: 7.94, pitch: 39.04 });
  const shaft = 29.5;
  const scores = (samples: Float32Array) => partScores(envelopeSpectrum(samples, 12_000, shaft), shaft, orders);
  const base = { seconds: 4, rate: 12_000, slip: 0.01, loud: 0.25, seed: 5 };
  const inZone = (t: number) => Math.max(0, Math.cos(2 * Math.PI * shaft * t));
  const withCage = (t: number) => 0.4 + Math.max(0, Math.cos(2 * Math.PI * orders.cage * shaft * t));

  test.each([
    { part: "outer", samples: knocks({ ...base, hz: orders.outer * shaft }) },
    { part: "inner", samples: knocks({ ...base, hz: orders.inner * shaft, height: inZone }) },
    { part: "ball", samples: knocks({ ...base, hz: 2 * orders.ball * shaft, height: withCage }) },
    { part: "outer", samples: knocks({ ...base, hz: 0.99 * orders.outer * shaft }) },
    { part: "inner", samples: knocks({ ...base, hz: 1.012 * orders.inner * shaft, height: inZone, ring: 1_900 }) },
  ])("$part is named", ({ part, samples }) => {
    expect(namedPart(scores(samples))).toBe(part);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("noise names nothing (seed %i)", (seed) => {
    const rough = noise(seed);
    expect(namedPart(scores(Float32Array.from({ length: 48_000 }, rough)))).toBeUndefined();
  });

  test("a hum, its harmonics and a gear are no bearing", () => {
    const rough = noise(9);
    const samples = Float32Array.from({ length: 48_000 }, (_, i) => {
      const t = i / 12_000;
      const hum = Math.sin(2 * Math.PI * shaft * t) + 0.5 * Math.sin(2 * Math.PI * 100 * t);
      return (
        hum + (1 + 0.5 * Math.cos(2 * Math.PI * shaft * t)) * Math.sin(2 * Math.PI * 23 * shaft * t) + 0.2 * rough()
      );
    });
    expect(namedPart(scores(samples))).toBeUndefined();
  });

  test("knocks at a rate of some other machine name nothing", () => {
    expect(namedPart(scores(knocks({ ...base, hz: 4.15 * shaft })))).toBeUndefined();
  });

  test("the same record, louder or quieter, gets the same scores", () => {
    const samples = knocks({ ...base, hz: orders.outer * shaft });
    const loud = scores(samples.map((x) => 1_000 * x));
    scores(samples).forEach(({ part, strength }, i) => {
      expect(loud[i]?.part).toBe(part);
      expect(loud[i]?.strength).toBeCloseTo(strength, 3);
    });
  });
});

describe("the best guess", () => {
  const score = (part: BearingPart, above: number, strength: number) => ({ part, above, strength });

  test("is not the outer race while its line is as weak as a healthy one's, nor the cage", () => {
    expect(likeliestPart([score("outer", 4, 1.2), score("cage", 2, 1), score("ball", 1.8, 0.8)])).toBe("ball");
    expect(likeliestPart([score("outer", 4, 2.5), score("ball", 1.8, 0.8)])).toBe("outer");
    expect(likeliestPart([score("outer", 1.5, 0.9), score("ball", 1.2, 0.8)])).toBe("outer");
    expect(likeliestPart([score("outer", 4, 1.2)])).toBe("outer");
    expect(likeliestPart([])).toBeUndefined();
  });
});
