import { describe, expect, test } from "vitest";
import { play } from "../../../gateway/backtest/play.ts";
import type { Row } from "../../../gateway/backtest/table.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";
import { noise } from "../../noise.ts";
import { gathered } from "./gathered.ts";

const { detectors } = await loadPlugins();

async function played(rows: readonly (readonly number[])[], period = 60_000) {
  const table = {
    columns: (rows[0] ?? []).map((_, i) => `x${i + 1}`),
    period,
    async *rows(): AsyncIterable<Row> {
      for (const [i, values] of rows.entries()) yield { stamp: String(i), t: i * period, values };
    },
  };
  return gathered(play(table, detectors));
}

/** Five wandering signals of a healthy rig, a second apart; one leaves its place in the middle for a while. */
function rig(length: number, away: readonly [from: number, to: number], size: number) {
  const rough = noise(5);
  const drift = [0, 0, 0, 0, 0];
  return Array.from({ length }, (_, i) =>
    drift.map((_, k) => {
      drift[k] = 0.98 * (drift[k] ?? 0) + 0.05 * rough();
      const fault = k === 3 && i >= away[0] && i < away[1] ? size : 0;
      return 10 * (k + 1) + (drift[k] ?? 0) + 0.3 * rough() + fault;
    }),
  );
}

describe("a table played through the rules", () => {
  test("one column: a level never seen before is one row's pulse, at the row, and healthy rows are none", async () => {
    const rough = noise(3);
    const rows = Array.from({ length: 3_000 }, (_, i) => [
      20 + 5 * Math.sin((2 * Math.PI * i) / 288) + 0.5 * rough() + (i >= 2_000 && i < 2_200 ? 18 : 0),
    ]);
    const called = (await played(rows, 300_000)).flatMap(({ prediction }, i) => (prediction ? [i] : []));
    expect(called.some((i) => i >= 2_000 && i < 2_010)).toBe(true);
    expect(called.filter((i) => i < 2_000 || i > 2_210).length).toBeLessThanOrEqual(1);
  });

  test("several columns: the rows in which one signal is away, and not those after it is back", async () => {
    const all = await played(rig(1_500, [800, 1_100], 3), 1_000);
    const share = (from: number, to: number) => all.slice(from, to).filter((s) => s.prediction).length / (to - from);
    expect(share(0, 800)).toBeLessThan(0.1);
    expect(share(830, 1_100)).toBeGreaterThan(0.95);
    expect(share(1_150, 1_500)).toBeLessThan(0.05);
    const said = all
      .slice(800)
      .flatMap(({ found }) => found)
      .find(({ rule }) => rule === "correlation");
    expect(said).toMatchObject({ point: "table/x4", level: "watch" });
    expect(said?.finding.text.en).toMatch(/^x4 4\d(\.\d)? instead of (39|40)/);
  });

  test("no row knows what comes after it", async () => {
    const rows = rig(900, [700, 900], 3);
    const short = (await played(rows.slice(0, 750), 1_000)).map(({ score, prediction }) => [score, prediction]);
    const long = (await played(rows, 1_000)).slice(0, 750).map(({ score, prediction }) => [score, prediction]);
    expect(long).toEqual(short);
  });

  test("neither units nor the order of the columns matter to the decision", async () => {
    const rows = rig(1_200, [800, 1_100], 3);
    const plain = (await played(rows, 1_000)).map((s) => s.prediction);
    const scaled = rows.map((row) => row.map((v) => 1_000 * v + 7).reverse());
    expect((await played(scaled, 1_000)).map((s) => s.prediction)).toEqual(plain);
  });
});
