import { describe, expect, test } from "vitest";
import { SECOND } from "../../../gateway/core/time.ts";
import correlation from "../../../gateway/detectors/correlation.ts";
import cycle from "../../../gateway/detectors/cycle.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const names = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `s${i + 1}` }));

describe("correlation", () => {
  /** Many signals that hang on three hidden causes. */
  function plant(player: Player, rows: number, broken?: { signal: number; by: number }, unit = (v: number) => v) {
    const rough = noise(rows);
    for (let row = 0; row < rows; row++) {
      const causes = [rough(), rough(), rough()];
      player.wait(SECOND);
      for (let i = 0; i < 15; i++) {
        const value = 10 + (causes[i % 3] ?? 0) * (1 + i / 5) + 0.1 * rough();
        player.reading(unit(value + (broken?.signal === i ? broken.by : 0)), `s${i + 1}`);
      }
    }
    return player;
  }

  test("a value that is ordinary by itself but does not fit the others is found and named, with what was expected", () => {
    const machine = plant(new Player(correlation, {}, contextOf(correlation, names(15))), 700);
    expect(machine.findings).toEqual([]);
    // One and a half: well within the range of this signal, fifteen times what the others leave open.
    plant(machine, 60, { signal: 4, by: 1.5 });
    expect(machine.findings).toMatchObject([{ active: true, level: "watch", point: "lathe/s5" }]);
    expect(machine.findings[0]?.text.en).toMatch(/^s5 \S+ instead of \S+/);
    plant(machine, 60);
    expect(machine.findings[1]).toMatchObject({ active: false, point: "lathe/s5" });
  });

  test("other units and another zero change nothing", () => {
    const machine = new Player(correlation, {}, contextOf(correlation, names(15)));
    const unit = (v: number) => 512 * v - 300_000;
    plant(machine, 700, undefined, unit);
    expect(machine.findings).toEqual([]);
    plant(machine, 60, { signal: 4, by: 1.5 }, unit);
    expect(machine.findings).toMatchObject([{ active: true, point: "lathe/s5" }]);
  });

  test("when most signals leap in the same moment the machine does another job, and nothing is told", () => {
    const machine = new Player(correlation, {}, contextOf(correlation, names(6)));
    const rough = noise(4);
    const rows = (n: number, level: number) => {
      for (let row = 0; row < n; row++) {
        machine.wait(SECOND);
        for (let i = 0; i < 6; i++) machine.reading(level * (i + 1) + 0.2 * rough(), `s${i + 1}`);
      }
    };
    rows(600, 10);
    rows(600, 15);
    rows(600, 10);
    expect(machine.findings).toEqual([]);
  });
});

describe("cycle", () => {
  /** Six seconds a cycle: a way out and back, and a clamp that closes at its turn. */
  function cycles(player: Player, n: number, late = 0) {
    const rough = noise(n + late);
    for (let i = 0; i < n * 60; i++) {
      const at = (i % 60) / 60;
      player.wait(SECOND / 10);
      player.reading(100 * Math.sin(Math.PI * at) + rough(), "s1");
      player.reading((at > 0.5 + late && at < 0.7 + late ? 1 : 0) + 0.01 * rough(), "s2");
    }
    return player;
  }

  test("a clamp that closes late is found though each of its values is ordinary", () => {
    const press = cycles(new Player(cycle, {}, contextOf(cycle, names(2))), 60);
    expect(press.findings).toEqual([]);
    cycles(press, 3, 0.2);
    expect(press.findings[0]).toMatchObject({ active: true, point: "lathe/s2", level: "watch" });
    expect(press.findings[0]?.text.en).toContain("at this moment of the cycle, usually");
    cycles(press, 3);
    expect(press.findings.at(-1)).toMatchObject({ active: false, point: "lathe/s2" });
  });

  test("a machine without regular cycles is never judged", () => {
    const mixer = new Player(cycle, {}, contextOf(cycle, names(2)));
    const rough = noise(8);
    for (let i = 0; i < 5_000; i++) {
      mixer.wait(SECOND / 10).reading(rough(), "s1");
      mixer.reading(rough(), "s2");
    }
    expect(mixer.findings).toEqual([]);
  });
});
