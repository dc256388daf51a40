import { describe, expect, test } from "vitest";
import { SECOND } from "../../../gateway/core/time.ts";
import correlation from "../../../gateway/detectors/correlation.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const signals = ["flow", "pressure", "current", "oil"] as const;

/** A pump: three signals that keep their place, with a noise of one, and an oil temperature that wanders slowly. */
class Pump {
  readonly player = new Player(
    correlation,
    {},
    contextOf(
      correlation,
      signals.map((name) => ({ name })),
    ),
  );
  readonly #rough = noise(11);
  #drift = 0;
  #warmth = 0;
  #row = 0;

  /** So many rows, each read so many times; the row at which each finding came. */
  runs(rows: number, { flow = 0, oil = 0 } = {}, times = 1): number[] {
    const told: number[] = [];
    for (let i = 0; i < rows; i++, this.#row++) {
      // Oil is slow: it warms by a fiftieth of the rest in a row.
      this.#warmth += 0.02 * (oil - this.#warmth);
      this.#drift += -0.01 * this.#drift + 0.1 * this.#rough();
      const now = {
        flow: flow + this.#rough(),
        pressure: this.#rough(),
        current: this.#rough(),
        oil: this.#warmth + this.#drift,
      };
      for (let again = 0; again < times; again++) {
        this.player.wait(SECOND);
        for (const name of signals) if (this.player.reading(100 + now[name], name)) told.push(i);
      }
    }
    return told;
  }
}

describe("few signals, each watched for leaving its place", () => {
  test("a pump that runs as ever is never told, and a wandering temperature neither", () => {
    const pump = new Pump();
    pump.runs(4_000);
    expect(pump.player.findings).toEqual([]);
  });

  test("a flow that falls far is told within ten rows, and its return within ten", () => {
    const pump = new Pump();
    pump.runs(600);
    const fell = pump.runs(300, { flow: -12 });
    const back = pump.runs(300);
    expect(pump.player.findings).toMatchObject([
      { active: true, point: "lathe/flow" },
      { active: false, point: "lathe/flow" },
    ]);
    expect([...fell, ...back].every((row) => row < 10)).toBe(true);
  });

  test("a flow that falls by twice its noise is told once for as long as it lasts", () => {
    const pump = new Pump();
    pump.runs(600);
    const fell = pump.runs(300, { flow: -2 });
    const back = pump.runs(300);
    expect(pump.player.findings.map(({ active }) => active)).toEqual([true, false]);
    expect(fell[0]).toBeLessThan(40);
    expect(back[0]).toBeLessThan(30);
  });

  test("a temperature that stays where the fault has left it does not keep the fault open once the flow is back", () => {
    const pump = new Pump();
    pump.runs(600);
    pump.runs(300, { flow: -6, oil: 40 });
    expect(pump.player.findings).toMatchObject([{ active: true, point: "lathe/flow" }]);
    const over = pump.runs(300, { oil: 40 });
    expect(pump.player.findings.slice(1)).toMatchObject([{ active: false }]);
    expect(over[0]).toBeLessThan(15);
  });

  test("a temperature that leaves alone is away until it comes back itself", () => {
    const pump = new Pump();
    pump.runs(600);
    pump.runs(300, { oil: 40 });
    expect(pump.player.findings).toMatchObject([{ active: true, point: "lathe/oil" }]);
    pump.runs(300);
    expect(pump.player.findings[1]).toMatchObject({ active: false, point: "lathe/oil" });
  });

  test("what an older gateway learned is learned anew, and then a fault is found", () => {
    const pump = new Pump();
    pump.runs(600);
    pump.player.edit((text) => text.replaceAll(/"(suspicion|noise|unrest|way|evidence|near|wanders)":[^,}]+,/g, ""));
    pump.runs(600);
    expect(pump.player.findings).toEqual([]);
    pump.runs(100, { flow: -6 });
    expect(pump.player.findings).toMatchObject([{ active: true, point: "lathe/flow" }]);
  });

  test("a gateway that reads each value twice takes no noise for another job, and tells the same fault", () => {
    const pump = new Pump();
    pump.runs(600, {}, 2);
    const before = pump.player.findings.length;
    pump.runs(300, { flow: -6 }, 2);
    expect(pump.player.findings.slice(before)).toMatchObject([{ active: true, point: "lathe/flow" }]);
  });
});
