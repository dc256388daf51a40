import { describe, expect, test } from "vitest";
import { partCard } from "../../../gateway/alarms/case/parts.ts";
import { type Cases, createCases } from "../../../gateway/alarms/case.ts";
import { type Finding, HEARTBEAT, type MachineState } from "../../../gateway/core/detector.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, MINUTE, type Ms, SECOND, steadyMs } from "../../../gateway/core/time.ts";

const START = Date.UTC(2026, 2, 2, 6);

/** A shop with a lathe and a compressor, its cases, and a clock that only beats. */
class Shop {
  readonly cases: Cases = createCases(
    new Map([
      ["tour-2", { id: "tour-2", name: { fr: "Tour", en: "Lathe" }, kind: "lathe" }],
      ["comp-1", { id: "comp-1", name: { fr: "Compresseur", en: "Compressor" }, kind: "compressor" }],
    ]),
  );
  readonly said: { at: Ms; machine: string; finding: Finding }[] = [];
  at: Ms = 0;

  entry() {
    const t = epochMs(START + this.at);
    return { seq: 1, boot: 1, steady: steadyMs(this.at), tq: "synced" as const, item: good(HEARTBEAT, t, 1) };
  }

  finds(
    rule: string,
    vote: number,
    finding: Partial<Finding> = {},
    state: MachineState = "running",
    machine = "tour-2",
  ) {
    const text = { fr: `${rule} dit`, en: `${rule} says` };
    this.cases.finding(
      { id: rule, type: "trend", machine, vote },
      { active: true, level: "alert", score: 1, text, ...finding },
      this.entry(),
      { state, since: steadyMs(0) },
    );
    return this;
  }

  beats(ms: Ms, every: Ms = SECOND) {
    for (const end = this.at + ms; this.at < end; ) {
      this.at += every;
      for (const spoken of this.cases.tick(this.entry())) this.said.push({ at: this.at, ...spoken });
    }
    return this;
  }

  levels() {
    return this.said.map(({ finding }) => (finding.active ? finding.level : "over"));
  }
}

describe("how findings become a case", () => {
  test.each([
    {
      name: "one finding with a full vote is an alert within half a minute",
      votes: [["a", 1, "p/x"]],
      expected: "alert",
    },
    { name: "one with half a vote is a watch", votes: [["a", 0.6, "p/x"]], expected: "watch" },
    {
      name: "two of different sensors add up to an alert",
      votes: [
        ["a", 0.6, "p/x"],
        ["b", 0.6, "p/y"],
      ],
      expected: "alert",
    },
    {
      name: "two rules on the same sensor see the same thing",
      votes: [
        ["a", 0.6, "p/x"],
        ["b", 0.6, "p/x"],
      ],
      expected: "watch",
    },
    { name: "a weak one alone is nothing", votes: [["a", 0.15, "p/x"]], expected: undefined },
  ] as const)("$name", ({ votes, expected }) => {
    const shop = new Shop();
    for (const [rule, vote, point] of votes) shop.finds(rule, vote, { point });
    shop.beats(30 * SECOND);
    expect(shop.cases.list()[0]?.level).toBe(expected);
    shop.beats(30 * MINUTE);
    expect(shop.cases.list()[0]?.level).toBe(expected);
  });

  test("a watch finding alone never makes an alert", () => {
    const shop = new Shop().finds("a", 1, { level: "watch" }).beats(60 * MINUTE);
    expect(shop.levels()).toEqual(["watch"]);
  });

  test("a finding of a few seconds is no alert, one that keeps coming back is", () => {
    const once = new Shop()
      .finds("a", 1)
      .beats(5 * SECOND)
      .finds("a", 1, { active: false })
      .beats(60 * MINUTE);
    expect(once.levels()).not.toContain("alert");
    const flapping = new Shop();
    for (let i = 0; i < 10; i++)
      flapping
        .finds("a", 1)
        .beats(5 * SECOND)
        .finds("a", 1, { active: false })
        .beats(60 * SECOND);
    expect(flapping.levels()).toContain("alert");
    expect(flapping.said.filter(({ finding }) => !finding.active)).toEqual([]);
  });

  test("findings merge into one case per machine, and other machines have their own", () => {
    const shop = new Shop().finds("a", 1, { point: "tour-2/x" }).beats(MINUTE);
    shop.finds("b", 1, { point: "tour-2/y" }).beats(MINUTE).finds("c", 1, {}, "running", "comp-1").beats(MINUTE);
    expect(shop.cases.list().map(({ id, evidence }) => [id, evidence.length])).toEqual([
      ["tour-2-1", 2],
      ["comp-1-1", 1],
    ]);
    expect(new Set(shop.said.map(({ machine }) => machine))).toEqual(new Set(["tour-2", "comp-1"]));
  });

  test("the case closes some minutes after the last finding has gone, and the next is a new one", () => {
    const shop = new Shop()
      .finds("a", 1)
      .beats(MINUTE)
      .finds("a", 1, { active: false })
      .beats(5 * MINUTE);
    expect(shop.cases.list()).toEqual([]);
    expect(shop.said.at(-1)?.finding.active).toBe(true);
    shop.beats(60 * MINUTE);
    expect(shop.said.at(-1)?.finding.active).toBe(false);
    shop.finds("a", 1).beats(MINUTE);
    expect(shop.cases.list()[0]?.id).toBe("tour-2-2");
  });

  test("nothing is repeated while nothing changes", () => {
    const shop = new Shop().finds("a", 1).beats(60 * MINUTE);
    expect(shop.levels()).toEqual(["watch", "alert"]);
  });

  test("the neighbour that shakes along does not take over the case", () => {
    const shop = new Shop().finds("b3", 1, { point: "tour-2/b3", part: "bearing" }).beats(MINUTE);
    shop.finds("b4", 1, { point: "tour-2/b4", part: "bearing" }).beats(MINUTE);
    expect(shop.cases.list()[0]?.point).toBe("tour-2/b3");
  });

  test("however many rules speak, the memory of a case is bounded", () => {
    const shop = new Shop();
    for (let i = 0; i < 1_000; i++) shop.finds(`r${i}`, 0.1, { point: `tour-2/p${i}` });
    expect(JSON.stringify(shop.cases.save()).length).toBeLessThan(16_000);
  });
});

describe("what the card says", () => {
  const forecast = {
    at: epochMs(START + 7_200_000),
    low: epochMs(START + 3_600_000),
    high: epochMs(START + 9_000_000),
  };
  const shop = new Shop();
  shop.finds("trend", 1, {
    part: "bearing",
    value: 3.2,
    limit: 7.1,
    onset: epochMs(START - 60_000),
    forecast,
    score: 0.98,
  });
  shop.finds("drift", 0.6, { part: "belt", point: "tour-2/power", level: "watch" }).beats(MINUTE);
  const { finding } = shop.said.at(-1) ?? {};

  test("part, words of the finding, how sure, state, three checks; in both languages", () => {
    expect(finding?.text.fr).toBe(
      "Roulement : trend dit. Sûreté 94 % (2 indices, machine en marche). À vérifier : " +
        "1. faire tourner la broche sans outil ni pièce : le bruit reste-t-il ? ; " +
        "2. écouter le palier (stéthoscope ou tournevis) : grondement ou cliquetis ; " +
        "3. contrôler le graissage et la température du palier.",
    );
    expect(finding?.text.en).toMatch(
      /^Bearing: trend says\. Confidence 94 % \(2 clues, machine running\)\. Check: 1\. run the spindle/,
    );
  });

  test("part, onset, value, limit and forecast are handed on as numbers", () => {
    expect(finding).toMatchObject({ part: "bearing", onset: START - 60_000, value: 3.2, limit: 7.1, forecast });
  });

  test("every part has three checks for every kind of machine", () => {
    for (const part of ["bearing", "filter", "belt", "leak", "phase", "sensor", "pump", "anything else", undefined]) {
      for (const kind of ["lathe", "compressor", "washer", undefined]) {
        const { checks } = partCard(part, kind);
        expect(new Set(checks.flatMap(({ fr, en }) => [fr, en])).size).toBe(6);
      }
    }
  });
});

describe("a person's hand", () => {
  test("muted for maintenance it says nothing, and speaks again afterwards if it still holds", () => {
    const shop = new Shop().finds("a", 1).beats(MINUTE);
    shop.cases.mute("tour-2", 60 * MINUTE);
    shop.beats(30 * MINUTE);
    expect(shop.said.at(-1)?.finding.active).toBe(false);
    const spoken = shop.said.length;
    shop.finds("b", 1, { point: "tour-2/y" }).beats(20 * MINUTE);
    expect(shop.said.length).toBe(spoken);
    shop.beats(20 * MINUTE);
    expect(shop.said.at(-1)?.finding).toMatchObject({ active: true, level: "alert" });
  });

  test("wrong: the case is over, and the same evidence does not open it again until it has gone and come back", () => {
    const shop = new Shop().finds("a", 1).beats(MINUTE);
    expect(shop.cases.verdict("tour-2", "wrong").map(({ rule }) => rule)).toEqual(["a"]);
    shop
      .beats(MINUTE)
      .finds("a", 1, { score: 0.9 })
      .beats(60 * MINUTE);
    expect(shop.said.at(-1)?.finding.active).toBe(false);
    shop.finds("a", 1, { active: false }).beats(MINUTE).finds("a", 1).beats(MINUTE);
    expect(shop.cases.list()[0]?.level).toBe("alert");
  });

  test("known: stays on the board as a watch and calls nobody", () => {
    const shop = new Shop().finds("a", 1).beats(MINUTE);
    shop.cases.verdict("tour-2", "known");
    shop.beats(60 * MINUTE);
    expect(shop.cases.list()[0]?.level).toBe("watch");
  });

  test("right: changes nothing", () => {
    const shop = new Shop().finds("a", 1).beats(MINUTE);
    shop.cases.verdict("tour-2", "right");
    shop.beats(MINUTE);
    expect(shop.levels()).toEqual(["watch", "alert"]);
  });
});

test("saved and restored in the middle, it says the same afterwards", () => {
  const whole = new Shop()
    .finds("a", 1)
    .beats(MINUTE)
    .finds("a", 1, { active: false })
    .beats(90 * MINUTE);
  const before = new Shop().finds("a", 1).beats(7 * SECOND);
  const after = new Shop();
  after.at = before.at;
  after.cases.restore(JSON.parse(JSON.stringify(before.cases.save())));
  after
    .beats(53 * SECOND)
    .finds("a", 1, { active: false })
    .beats(90 * MINUTE);
  expect([...before.said, ...after.said]).toEqual(whole.said);
});
