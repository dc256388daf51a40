import { expect, test } from "vitest";
import type { Evidence } from "../../../gateway/alarms/case/evidence.ts";
import { healthOf } from "../../../gateway/alarms/health.ts";
import { DAY, epochMs, HOUR } from "../../../gateway/core/time.ts";

const NOW = epochMs(Date.UTC(2026, 2, 2));

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  rule: "r",
  type: "trend",
  vote: 1,
  level: "alert",
  score: 1,
  text: { fr: "vibration", en: "vibration" },
  since: NOW,
  state: "running",
  ...change,
});

const until = (ms: number) => ({ at: epochMs(NOW + ms), low: NOW, high: epochMs(NOW + 2 * ms) });

test.each([
  { name: "nothing to say is full health", all: [], health: 100 },
  { name: "a watch takes a sixth", all: [evidence({ level: "watch" })], health: 83 },
  { name: "an alert takes half", all: [evidence()], health: 50 },
  { name: "a weaker vote takes less", all: [evidence({ vote: 0.5 })], health: 75 },
  { name: "a limit in an hour takes nearly all", all: [evidence({ forecast: until(HOUR) })], health: 10 },
  { name: "a limit in a month takes no more", all: [evidence({ forecast: until(30 * DAY) })], health: 50 },
  { name: "a limit reached counts like one that is near", all: [evidence({ value: 8, limit: 7.1 })], health: 10 },
  { name: "a doubtful sensor is not a sick machine", all: [evidence({ part: "sensor" })], health: 90 },
  { name: "what a person called wrong takes nothing", all: [evidence({ said: "wrong" })], health: 100 },
  { name: "worries multiply, they do not add up to less than nothing", all: Array(10).fill(evidence()), health: 0 },
])("$name", ({ all, health }) => {
  expect(healthOf(all, NOW).health).toBe(health);
});

test("the reasons share what is missing, the heaviest first", () => {
  const small = { fr: "petit", en: "small" };
  const { health, reasons } = healthOf([evidence({ level: "watch", text: small }), evidence()], NOW);
  expect(reasons.map(({ text }) => text.en)).toEqual(["vibration", "small"]);
  expect(reasons.reduce((sum, { minus }) => sum + minus, 0)).toBe(100 - health);
});
