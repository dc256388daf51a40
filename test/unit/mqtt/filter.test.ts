import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { covers, matches } from "../../../gateway/mqtt/filter.ts";

describe("a topic falls under a filter", () => {
  test.each([
    ["vigie/v1/#", "vigie/v1/nord/tour-2/temp", true],
    ["vigie/v1/#", "vigie/v1", true],
    ["vigie/+/nord", "vigie/v1/nord", true],
    ["vigie/+", "vigie/v1/nord", false],
    ["+/temp", "tour-2/temp", true],
    ["#", "$SYS/broker", false],
    ["+/x", "$SYS/x", false],
    ["a/b", "a/b/c", false],
    ["a/b/c", "a/b", false],
  ])("%s, %s: %s", (filter, topic, expected) => expect(matches(filter, topic)).toBe(expected));
});

describe("a right covers what is asked", () => {
  test.each([
    ["vigie/v1/nord/#", "vigie/v1/nord/+/temp", true],
    ["vigie/v1/nord/#", "vigie/v1/#", false],
    ["vigie/v1/nord/#", "#", false],
    ["vigie/+/nord", "vigie/#", false],
    ["vigie/+/nord", "vigie/+/nord", true],
    ["vigie/v1/nord", "vigie/+/nord", false],
    ["vigie/#", "$SYS/#", false],
  ])("%s, %s: %s", (allowed, asked, expected) => expect(covers(allowed, asked)).toBe(expected));
});

test("whoever may subscribe gets only what the right matches", () => {
  const level = fc.constantFrom("a", "b", "+");
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, rest]) => [...levels, ...(rest ? ["#"] : [])].join("/"));
  const topic = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"));
  fc.assert(
    fc.property(filter, filter, topic, (allowed, asked, t) => {
      fc.pre(covers(allowed, asked) && matches(asked, t));
      expect(matches(allowed, t)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
