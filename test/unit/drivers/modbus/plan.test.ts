import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Block,
  type Cost,
  type Hole,
  type Limits,
  plan,
  type Span,
} from "../../../../gateway/drivers/modbus/plan.ts";

const limits: Limits = { registers: 125, bits: 2000, gap: 125 };
const line: Cost = { request: 30, register: 2 };
const at = (from: number, count = 1): Span => ({ table: "holding", at: from, count });
const shape = (blocks: readonly Block[]) => blocks.map((block) => [block.at, block.count]);

test("a gap is read across when that takes less time than asking twice", () => {
  expect(shape(plan([at(0), at(10)], limits, line))).toEqual([[0, 11]]);
  expect(shape(plan([at(0), at(40)], limits, line))).toEqual([
    [0, 1],
    [40, 1],
  ]);
});

test("no request asks for more than the device gives at once", () => {
  expect(shape(plan([at(0, 60), at(60, 60), at(120, 60)], limits, line))).toEqual([
    [0, 60],
    [60, 120],
  ]);
  expect(shape(plan([at(0, 4), at(4, 4)], { ...limits, registers: 4 }, line))).toHaveLength(2);
});

test("tables are never mixed, and every span comes exactly once", () => {
  const spans: Span[] = [at(0), { table: "input", at: 0, count: 1 }, { table: "coil", at: 0, count: 1 }];
  const blocks = plan(spans, limits, line);
  expect(blocks).toHaveLength(3);
  expect(blocks.flatMap((block) => block.spans).sort()).toEqual([0, 1, 2]);
});

test("known holes are never read across, and walls not crossed", () => {
  expect(shape(plan([at(0), at(5)], limits, line, [{ table: "holding", from: 2, to: 4 }]))).toHaveLength(2);
  expect(shape(plan([at(0), at(1)], limits, line, [{ table: "holding", from: 1, to: 1 }]))).toHaveLength(2);
  expect(shape(plan([at(0), at(1)], limits, line, [{ table: "input", from: 1, to: 1 }]))).toHaveLength(1);
});

test("a bit-field and the register around it come together", () => {
  expect(shape(plan([at(3, 4), at(4), at(4)], limits, line))).toEqual([[3, 4]]);
});

const spans = fc
  .uniqueArray(fc.record({ at: fc.nat(60), count: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 7,
    selector: (s) => s.at,
  })
  .map((list) => list.map((s) => at(s.at, s.count)));
const maps = fc.record({
  spans,
  max: fc.integer({ min: 4, max: 20 }),
  request: fc.integer({ min: 1, max: 30 }),
  holes: fc.array(
    fc
      .record({ from: fc.nat(60), size: fc.nat(3) })
      .map(({ from, size }): Hole => ({ table: "holding", from, to: from + size })),
    { maxLength: 2 },
  ),
});

/** Every way of dividing the spans into requests, tried: what the planner is measured against. */
function exhaustive(
  left: readonly Span[],
  fits: (group: readonly Span[]) => boolean,
  cost: Cost,
): { cost: number; count: number } {
  const [first, ...others] = left;
  if (!first) return { cost: 0, count: 0 };
  let best = { cost: Number.POSITIVE_INFINITY, count: 0 };
  for (let set = 0; set < 2 ** others.length; set++) {
    const group = [first, ...others.filter((_, i) => set & (1 << i))];
    if (group.length > 1 && !fits(group)) continue;
    const rest = exhaustive(
      others.filter((_, i) => !(set & (1 << i))),
      fits,
      cost,
    );
    const own = cost.request + cost.register * extent(group).count + rest.cost;
    if (own < best.cost - 1e-9 || (own < best.cost + 1e-9 && rest.count + 1 < best.count))
      best = { cost: own, count: rest.count + 1 };
  }
  return best;
}

function extent(group: readonly Span[]): { at: number; count: number } {
  const from = Math.min(...group.map((s) => s.at));
  return { at: from, count: Math.max(...group.map((s) => s.at + s.count)) - from };
}

test("on any map the plan is as cheap as the best there is, and asks no more often", () => {
  fc.assert(
    fc.property(maps, ({ spans: wanted, max, request, holes: found }) => {
      // A hole inside a span is that span's own fault: it can be read by no request at all.
      const inside = (hole: Hole) => wanted.some((s) => s.at < hole.to && s.at + s.count > hole.from);
      const holes = found.filter((hole) => !inside(hole));
      const cost = { request, register: 1 };
      const own = { registers: max, bits: 2000, gap: 125 };
      const fits = (group: readonly Span[]) => {
        const { at: from, count } = extent(group);
        return count <= max && !holes.some((h) => from < h.to && from + count > h.from);
      };
      const blocks = plan(wanted, own, cost, holes);
      const time = blocks.reduce((sum, block) => sum + request + block.count, 0);
      const best = exhaustive(wanted, fits, cost);
      expect(time).toBeCloseTo(best.cost, 6);
      expect(blocks.length).toBeLessThanOrEqual(Math.max(best.count, Math.floor(1.05 * best.count)));
      expect(blocks.flatMap((block) => block.spans).sort()).toEqual(wanted.map((_, i) => i));
    }),
    { numRuns: 300 },
  );
});

test("a thousand signals are planned in a moment", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => at(i * 7, 2));
  const begun = performance.now();
  plan(many, limits, line);
  expect(performance.now() - begun).toBeLessThan(500);
});
