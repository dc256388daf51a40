import { describe, expect, test } from "vitest";
import { MINUTE } from "../../../gateway/core/time.ts";
import { excess, records, remember, surprise } from "../../../gateway/detectors/lib/records.ts";
import novelty from "../../../gateway/detectors/novelty.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const play = (given = {}) =>
  new Player(novelty, given, contextOf(novelty, [{ name: "flow", unit: "L/min", every: 5 * MINUTE }]));

function daily(player: Player, days: number, change: (value: number, i: number) => number = (v) => v) {
  const rough = noise(9);
  for (let i = 0; i < days * 288; i++) {
    const value = 50 + 20 * Math.sin((2 * Math.PI * i) / 288) + 2 * rough();
    player.wait(5 * MINUTE).reading(change(value, i));
  }
  return player;
}

describe("novelty", () => {
  test("two weeks of the same days are nothing new", () => {
    expect(daily(play(), 14).findings).toEqual([]);
  });

  test("a level never seen before is told once, then it is quiet about it", () => {
    const flow = daily(play(), 14);
    daily(flow, 1, (value, i) => (i > 100 && i < 160 ? value + 45 : value));
    const active = flow.findings.filter((f) => f.active);
    expect(active.length).toBeGreaterThanOrEqual(1);
    expect(active.length).toBeLessThanOrEqual(2);
    expect(active[0]).toMatchObject({
      level: "watch",
      text: { en: expect.stringMatching(/^flow \d+ L\/min, .*never seen/) },
    });
    expect(flow.findings.at(-1)?.active).toBe(false);
  });

  test("says nothing while it is learning", () => {
    const flow = daily(play({ learn: "20d" }), 10);
    expect(daily(flow, 1, (value) => value + 80).findings).toEqual([]);
  });

  test("the same signal in other units finds the same", () => {
    const strange = (factor: number) => {
      const flow = daily(play(), 14, (v) => factor * v);
      daily(flow, 1, (value, i) => factor * (i > 100 && i < 160 ? value + 45 : value));
      return flow.findings.map((f) => [f.active, f.score]);
    };
    const [plain, scaled] = [strange(1), strange(1_024)];
    expect(scaled.length).toBe(plain.length);
    scaled.forEach(([active, score], i) => {
      expect(active).toBe(plain[i]?.[0]);
      expect(score).toBeCloseTo(Number(plain[i]?.[1]), 6);
    });
  });

  test("long after a repair that calmed the machine, its old unrest is news again", () => {
    const rough = noise(4);
    const live = (flow: ReturnType<typeof play>, days: number, spread: number) => {
      for (let i = 0; i < days * 288; i++) flow.wait(5 * MINUTE).reading(50 + spread * rough());
    };
    const told = (calmDays: number) => {
      const flow = play();
      live(flow, 60, 10);
      live(flow, calmDays, 1);
      const before = flow.findings.filter((f) => f.active).length;
      live(flow, 1, 10);
      return flow.findings.filter((f) => f.active).length - before;
    };
    expect(told(5)).toBe(0);
    expect(told(1_000)).toBeGreaterThanOrEqual(1);
  });

  test("stays small after a year", () => {
    expect(daily(play(), 365).size).toBeLessThan(8 * 1_024);
  });
});

describe("records", () => {
  const rule = { keep: 20, block: 20 };
  const fed = (draw: () => number, n: number) => {
    const of = records();
    for (let i = 0; i < n; i++) remember(of, draw(), rule);
    return of;
  };

  test("of a steady signal are exceeded about as often as they should be, whatever the shape of its tail", () => {
    for (const shape of [(x: number) => Math.abs(x), (x: number) => Math.exp(x), (x: number) => Math.exp(2 * x)]) {
      let told = 0;
      for (let run = 0; run < 40; run++) {
        const rough = noise(run + 1);
        const of = fed(() => shape(rough()), 4_000);
        // A further thousand: a quarter of what was seen, so a quarter of an expected record.
        for (let i = 0; i < 1_000; i++) if (surprise(of, shape(rough()), 5) > 0) told++;
      }
      expect(told / 40).toBeLessThan(0.6);
    }
  });

  test("what was there twice before is no news, though the tail would call it rare", () => {
    const rough = noise(3);
    const of = fed(() => 10 + rough(), 4_000);
    for (const spike of [60, 62]) {
      expect(surprise(of, spike, 5)).toBeGreaterThan(1);
      for (const value of [spike, ...new Array<number>(rule.block - 1).fill(10)]) remember(of, value, rule);
    }
    expect(surprise(of, 64, 5)).toBe(0);
    expect(surprise(of, 120, 5)).toBeGreaterThan(0);
  });

  test("give a spiky signal more room than a quiet one", () => {
    const [a, b] = [noise(1), noise(1)];
    const quiet = fed(() => 10 + a(), 4_000);
    const spiky = fed(() => Math.exp(2 * b()), 4_000);
    const twice = (of: typeof quiet) => excess(of, 2 * (of.top[0] ?? 0));
    expect(twice(quiet)).toBeGreaterThan(1.5 * twice(spiky));
  });
});
