import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../../gateway/core/log.ts";
import { bad, type Reading, uncertain } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import { Names } from "../../../gateway/log/names.ts";
import { readingsCodec } from "../../../gateway/log/pack.ts";

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map((n) => n / 10),
  fc.integer({ min: -5_000, max: 5_000 }).map((n) => n / 1_000),
  fc.constantFrom(0, -0, 2 ** 31, -(2 ** 31) - 1, 1e300, 5e-324),
);
const point = fc.constantFrom("a/b", "tour-2/power", "x/y_z" as const);
const t = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: -(2 ** 33), max: 2 ** 33 }), fc.constant(0));
const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc
    .record({ point, t, value })
    .map(
      ({ point: p, t: at, value: v }): Reading => ({ point: p, t: epochMs(1.7e12 + at), quality: "good", value: v }),
    ),
  fc
    .record({ point, t, value })
    .map(({ point: p, t: at, value: v }) => uncertain(p, epochMs(1.7e12 + at), v, "saturated")),
  fc.record({ point, t }).map(({ point: p, t: at }) => bad(p, epochMs(1.7e12 + at), "timeout")),
);

const packed = (items: readonly Reading[], gaps: readonly number[]) => {
  let steady = 1_000;
  const names = new Names();
  const entries = items.map((item, i): Entry<Reading> => {
    steady += gaps[i % gaps.length] ?? 0;
    return { seq: 500 + i, boot: 3, steady: steadyMs(steady), tq: "synced", item };
  });
  return { names, entries, body: readingsCodec.pack(entries, names) };
};

test("whatever is packed comes back bit by bit", () => {
  const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 100_000 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 60 }), gaps, (items, apart) => {
      const { names, entries, body } = packed(items, apart);
      expect(readingsCodec.unpack(body, 500, names)).toEqual(entries);
    }),
    { numRuns: 500 },
  );
});

test("a round of twenty measurements with one decimal takes 11 bytes a reading and 40 for all", () => {
  const items = Array.from(
    { length: 20 },
    (_, i): Reading => ({ point: "a/b", t: epochMs(1.7e12 + i), quality: "good", value: 20 + i / 10 }),
  );
  expect(packed(items, [1]).body.length).toBe(40 + 20 * 11);
});

test("a flipped bit anywhere in a batch is noticed, and so is a batch under another number", () => {
  const items = Array.from(
    { length: 30 },
    (_, i): Reading => ({ point: "a/b", t: epochMs(1.7e12 + i), quality: "good", value: i }),
  );
  const { names, body } = packed(items, [1]);
  for (let bit = 0; bit < body.length * 8; bit++) {
    const flipped = body.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(readingsCodec.unpack(flipped, 500, names)).toBeUndefined();
  }
  expect(readingsCodec.unpack(body, 501, names)).toBeUndefined();
});
