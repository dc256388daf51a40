import { describe, expect, test } from "vitest";
import type { Machine } from "../../../gateway/core/point.ts";
import { SECOND } from "../../../gateway/core/time.ts";
import iso from "../../../gateway/detectors/iso-vibration.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const signal = { name: "vibration", unit: "mm/s", title: { fr: "Vibration palier", en: "Bearing vibration" } };

function play(options: object, machine: Partial<Machine>, value: (i: number) => number, count: number) {
  const player = new Player(iso, options, contextOf(iso, [signal], machine)).become("running");
  for (let i = 0; i < count; i++) player.wait(SECOND).reading(value(i));
  return player.findings;
}

describe("zones by machine class", () => {
  test.each([
    { machineClass: "I", value: 1.7, said: undefined },
    { machineClass: "I", value: 2, said: "watch" },
    { machineClass: "I", value: 5, said: "alert" },
    { machineClass: "II", value: 2.7, said: undefined },
    { machineClass: "II", value: 3, said: "watch" },
    { machineClass: "II", value: 7.2, said: "alert" },
    { machineClass: "III", value: 7.2, said: "watch" },
    { machineClass: "IV", value: 17, said: "watch" },
    { machineClass: "IV", value: 18.5, said: "alert" },
  ] as const)("class $machineClass at $value mm/s: $said", ({ machineClass, value, said }) => {
    const findings = play({}, { class: machineClass }, () => value, 50);
    expect(findings.map(({ level }) => level)).toEqual(said ? [said] : []);
  });

  test("own zones stand above the class", () => {
    expect(play({ zones: [1, 2, 3] }, { class: "IV" }, () => 3.5, 50)[0]).toMatchObject({ level: "alert", limit: 3 });
  });

  test("zones that do not rise are refused", () => {
    expect(iso.options.safeParse({ zones: [3, 2, 1] }).success).toBe(false);
  });
});

test("a level that trembles around a limit does not flap", () => {
  const next = noise(1);
  expect(play({}, { class: "II" }, () => 2.8 + 0.1 * next(), 2_000).length).toBeLessThanOrEqual(1);
});

test("single spikes leave the zone alone", () => {
  expect(play({}, { class: "II" }, (i) => (i % 20 === 0 ? 30 : 1), 2_000)).toEqual([]);
});

describe("a lasting change by a quarter of the B/C limit", () => {
  const next = noise(2);
  const stepping = (i: number) => (i < 500 ? 1.2 : 2.1) + 0.05 * next();

  test("is watched inside zone B, against what was learned", () => {
    const [finding] = play({ learn: "5min" }, { class: "II" }, stepping, 1_200);
    expect(finding).toMatchObject({ active: true, level: "watch" });
    expect(finding?.text.fr).toMatch(/^Vibration palier : 1,9\d* mm\/s, zone B, contre 1,2\d? mm\/s d'habitude\.$/);
  });

  test("is not the usual before it was learned", () => {
    expect(play({ learn: "1h" }, { class: "II" }, stepping, 1_200)).toEqual([]);
  });

  test("a smaller one is none", () => {
    expect(play({ learn: "5min" }, { class: "II" }, (i) => (i < 500 ? 1.2 : 1.7), 1_200)).toEqual([]);
  });
});

test("an old machine that was learned in zone D is alerted only when it grows", () => {
  const grown = play({ learn: "5min" }, { class: "I" }, (i) => (i < 800 ? 5 : 6.5), 1_500);
  expect(grown.map(({ level, active }) => (active ? level : "over"))).toEqual(["alert", "watch", "alert"]);
});

test("a machine that idles is not judged", () => {
  const player = new Player(iso, {}, contextOf(iso, [signal])).become("idle");
  for (let i = 0; i < 50; i++) player.wait(SECOND).reading(20);
  expect(player.findings).toEqual([]);
});
