import { describe, expect, test } from "vitest";
import { z } from "zod";
import { completed } from "../../../gateway/alarms/learned.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { pointId } from "../../../gateway/core/point.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, MINUTE, steadyMs } from "../../../gateway/core/time.ts";
import { createHabit, learnHabit, slotsOf, unlike } from "../../../gateway/detectors/lib/novelty-habit.ts";
import { createPlace, learnPlace, strayed } from "../../../gateway/detectors/lib/novelty-place.ts";
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

  test("a machine that was off for its first hours is known by its work once it works", () => {
    const flow = play();
    for (let i = 0; i < 60; i++) flow.wait(5 * MINUTE).reading(0);
    const { centre, scale } = z.object({ centre: z.number(), scale: z.number() }).parse(daily(flow, 14).state);
    expect(centre).toBeGreaterThan(30);
    expect(scale).toBeGreaterThan(5);
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

  test("a signal that wanders far and has spikes is told when it stays off its way, though it was there before", () => {
    const rough = noise(8);
    const flow = play();
    let i = 0;
    const live = (count: number, off: (k: number) => number = () => 0) => {
      for (let k = 0; k < count; k++, i++) {
        const way = 50 + 40 * Math.sin((2 * Math.PI * i) / 5_760) + (i % 97 === 0 ? 35 : 0);
        flow.wait(5 * MINUTE).reading(way + off(k) + rough());
      }
    };
    live(34_560);
    const before = flow.findings.length;
    live(5_760);
    expect(flow.findings.length).toBe(before);
    live(40, (k) => 30 * Math.min(1, k / 8, (40 - k) / 8));
    expect(flow.findings.slice(before)).toMatchObject([
      { active: true, text: { en: expect.stringContaining("of late") } },
    ]);
  });

  test("goes on with what an older version has learned", () => {
    const detector = novelty.create({}, contextOf(novelty, [{ name: "flow", unit: "L/min", every: 5 * MINUTE }]));
    const rough = noise(4);
    let [state, seq] = [structuredClone(detector.initial), 0];
    const feed = (value: number) => {
      const t = ++seq * 5 * MINUTE;
      const item = good(pointId("lathe", "flow"), epochMs(t), value);
      const entry: Entry<Reading> = { seq, boot: 1, steady: steadyMs(t), tq: "synced", item };
      const step = detector.step(state, entry, { state: "running", since: steadyMs(0) });
      state = step.state;
      return step.finding;
    };
    for (let i = 0; i < 3_000; i++) feed(50 + rough());
    const { records: all, ...known } = z.looseObject({ records: z.looseObject({}) }).parse(state);
    const lacking = { day: undefined, week: undefined, leap: undefined };
    const older = { ...known, day: [1, 2], habit: undefined, place: undefined, records: { ...all, ...lacking } };
    state = completed(JSON.parse(JSON.stringify(older)), detector.initial);
    for (let i = 0; i < 600; i++) expect(feed(50 + rough())).toBeUndefined();
    expect([90, 91, 92].map((much) => feed(much)?.active)).toContain(true);
    // Before the first reading, an older version kept nothing at all.
    state = completed(null, detector.initial);
    expect(feed(50)).toBeUndefined();
  });

  test("stays small after a year", () => {
    expect(daily(play(), 365).size).toBeLessThan(8 * 1_024);
  });
});

describe("habit", () => {
  const monday = Date.UTC(2025, 0, 6);
  /** A Sunday's job is twice a weekday's; the last reading of the Sunday shift comes back. */
  const sundays = (jobs: readonly number[], clock = true) => {
    const habit = createHabit();
    return jobs.map((sunday, week) => {
      let worst = { hour: 0, day: 0, week: 0 };
      for (let i = 0; i < 7 * 288; i++) {
        const [day, hour] = [Math.floor(i / 288), Math.floor((i % 288) / 12)];
        const value = hour < 8 || hour >= 16 ? 20 : day === 6 ? sunday : 40;
        const slots = slotsOf(clock ? monday + week * 7 * DAY + i * 5 * MINUTE : null);
        const far = unlike(habit, value, slots);
        learnHabit(habit, value, slots);
        if (day === 6 && hour === 15) worst = far;
      }
      return worst;
    });
  };

  test("a Sunday is held to Sundays once there was one, a working day as well", () => {
    const [first, , third, missed] = sundays([80, 80, 80, 40]);
    expect(first?.week).toBeGreaterThan(15);
    expect(third?.week).toBeLessThan(5);
    expect(missed?.week).toBeGreaterThan(15);
    // Against the time of day alone it is the missed one that looks usual.
    expect(missed?.day).toBeLessThan(5);
  });

  test("is silent, and learns nothing, while the clock cannot be trusted", () => {
    for (const far of sundays([80, 80, 40], false)) expect(far).toEqual({ hour: 0, day: 0, week: 0 });
  });

  test("a moment before 1970 has its place in the week, too", () => {
    expect(slotsOf(-1)).toEqual({ day: 47, week: 167 });
    expect(slotsOf(0)).toEqual({ day: 0, week: 0 });
  });
});

describe("place", () => {
  const lived = (values: (i: number) => number, count: number) => {
    const place = createPlace();
    for (let i = 0; i < count; i++) learnPlace(place, values(i));
    return place;
  };

  test("moves to a level that stays, and a leap is held to what is usual", () => {
    const rough = noise(5);
    const place = lived((i) => (i < 2_000 ? 10 : 90) + rough(), 12_000);
    expect(place.middle).toBeCloseTo(90, 0);
    expect(strayed(place, 91)).toBeLessThan(1.5);
    expect(strayed(place, 110)).toBeGreaterThan(5);
  });

  test("rare bursts stay usual through a long quiet", () => {
    const bursts = (i: number) => (i % 400 < 10 ? 100 : 0);
    const soon = lived(bursts, 4_020);
    const late = lived((i) => (i < 4_000 ? bursts(i) : 0), 5_000);
    expect(strayed(late, 100)).toBeLessThan(1.6 * strayed(soon, 100));
  });

  test("knows nothing of a signal that has never moved, or not for long", () => {
    const still = lived(() => 7, 500);
    const short = lived((i) => i % 3, 40);
    expect([strayed(still, 9), strayed(short, 9)]).toEqual([0, 0]);
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
