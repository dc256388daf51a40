import { expect, test } from "vitest";
import { SECOND } from "../../../gateway/core/time.ts";
import cycle from "../../../gateway/detectors/cycle.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const axes = ["lift", "slide", "turn", "push", "hook"] as const;
const ROWS = 30 * axes.length;

/** A gantry: its axes go out one after another and come home in the same order; each takes fifteen rows. */
class Gantry {
  readonly player = new Player(
    cycle,
    {},
    contextOf(
      cycle,
      axes.map((name) => ({ name })),
    ),
  );
  readonly #rough = noise(5);

  /** One cycle up to that row; from row `late` on everything comes so many rows later. */
  cycle(rows = ROWS, late = { from: ROWS, by: 0 }): void {
    for (let row = 0; row < rows; row++) {
      const at = row < late.from ? row : Math.max(late.from, row - late.by);
      this.player.wait(SECOND);
      axes.forEach((name, i) => {
        const out = Math.min(1, Math.max(0, (at - 15 * i) / 15));
        const home = Math.min(1, Math.max(0, (at - 15 * (axes.length + i)) / 15));
        this.player.reading(100 * (out - home) + 0.5 * this.#rough(), name);
      });
    }
  }
}

test("a cycle that is broken off and begun anew is followed from its start, without a clock that goes back", () => {
  const gantry = new Gantry();
  for (let i = 0; i < 30; i++) gantry.cycle();
  for (const rows of [40, ROWS, 70, 100, ROWS, 55, 90, ROWS]) gantry.cycle(rows);
  expect(gantry.player.findings).toEqual([]);
});

test("after a cycle that was broken off, an axis that comes late is still found", () => {
  const gantry = new Gantry();
  for (let i = 0; i < 30; i++) gantry.cycle();
  gantry.cycle(40);
  gantry.cycle();
  expect(gantry.player.findings).toEqual([]);
  gantry.cycle(ROWS, { from: 50, by: 40 });
  expect(gantry.player.findings[0]).toMatchObject({ active: true, level: "watch" });
});

test("signals that come back to their first values at random have no cycle", () => {
  const plant = new Player(
    cycle,
    {},
    contextOf(
      cycle,
      axes.map((name) => ({ name })),
    ),
  );
  const rough = noise(3);
  const values = axes.map(() => 0);
  for (let i = 0; i < 6_000; i++) {
    plant.wait(SECOND);
    axes.forEach((name, k) => {
      values[k] = 0.9 * (values[k] ?? 0) + rough();
      plant.reading(values[k] ?? 0, name);
    });
  }
  expect(plant.findings).toEqual([]);
});
