import { describe, expect, test } from "vitest";
import type { Evidence } from "../../../gateway/alarms/case/evidence.ts";
import { type GivenVerdict, precisions, proposals, type Verdict } from "../../../gateway/alarms/verdict.ts";
import { epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";

const T = epochMs(Date.UTC(2026, 2, 2));

const evidence = (rule: string, change: Partial<Evidence> = {}): Evidence => ({
  rule,
  type: "limit",
  vote: 1,
  level: "alert",
  score: 1,
  text: { fr: "x", en: "x" },
  since: T,
  state: "running",
  ...change,
});

const given = (verdict: Verdict, ...all: Evidence[]): GivenVerdict => ({
  case: "tour-2-1",
  machine: "tour-2",
  verdict,
  by: "Anne",
  t: T,
  evidence: all,
});

test("precision counts every rule that spoke, and is not told from fewer than three", () => {
  const verdicts = [
    given("right", evidence("trend"), evidence("drift")),
    given("wrong", evidence("drift")),
    given("known", evidence("drift"), evidence("trend")),
  ];
  expect(precisions(verdicts)).toEqual([
    { rule: "drift", right: 1, wrong: 1, known: 1, precision: 2 / 3 },
    { rule: "trend", right: 1, wrong: 0, known: 1, precision: null },
  ]);
});

describe("a wrong verdict proposes a change", () => {
  test.each([
    {
      name: "another state: judge only while running",
      one: { state: "transient" },
      lasted: HOUR,
      change: { option: "states", to: "running" },
    },
    {
      name: "a short one: wait longer than it lasted",
      one: { value: 9, limit: 8 },
      lasted: 4 * MINUTE,
      change: { option: "delay", to: "10min" },
    },
    {
      name: "a crossed limit: move it beyond what was seen",
      one: { value: 9, limit: 8 },
      lasted: 2 * HOUR,
      change: { option: "threshold", from: 8, to: 10 },
    },
    {
      name: "a lower limit moves down",
      one: { value: 1.8, limit: 2 },
      lasted: 2 * HOUR,
      change: { option: "threshold", from: 2, to: 1.6 },
    },
    {
      name: "a trend that came to nothing: wait longer",
      one: { value: 3, limit: 7.1, forecast: null },
      lasted: 2 * HOUR,
      change: { option: "delay", to: "180min" },
    },
    { name: "no value at all: wait longer", one: {}, lasted: 2 * HOUR, change: { option: "delay", to: "180min" } },
  ] as const)("$name", ({ one, lasted, change }) => {
    const [proposal] = proposals(given("wrong", evidence("r", one)), lasted);
    expect(proposal?.change).toEqual(change);
    expect(proposal?.text.fr).toContain(change.option === "threshold" ? "seuil" : "");
  });
});
