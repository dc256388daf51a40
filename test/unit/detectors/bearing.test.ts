import { describe, expect, test } from "vitest";
import type { Burst } from "../../../gateway/core/burst.ts";
import type { Finding, MachineState } from "../../../gateway/core/detector.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import type { Machine } from "../../../gateway/core/point.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import bearing from "../../../gateway/detectors/bearing.ts";
import { ordersOf } from "../../../gateway/detectors/lib/bearing-table.ts";
import { noise } from "../../noise.ts";
import { knocks } from "./lib/knocks.ts";
import { contextOf } from "./player.ts";

const SHAFT = 25;
const RATE = 12_800;
const orders = ordersOf({ balls: 9, ball: 7.94, pitch: 39.04 });
const START = Date.UTC(2026, 2, 2, 6);

const signals = [
  { name: "spindle_z_rms", unit: "[g]" },
  { name: "spindle_speed", unit: "/min" },
];

interface Given {
  options?: object;
  shaft?: number | undefined;
  rate?: number;
  state?: MachineState;
  clipped?: boolean;
  rpmPoint?: number;
}

/** The samples of burst `i`, one every ten minutes, played to the detector; what it said, with the number of the burst. */
function play(count: number, samples: (i: number) => Float32Array, given: Given = {}) {
  const { options = { bearing: "6205" }, rate = RATE, state: doing = "running", clipped = false } = given;
  const shaft = "shaft" in given ? given.shaft : SHAFT;
  const detector = bearing.create(bearing.options.parse(options), contextOf(bearing, signals));
  const around = { state: doing, since: steadyMs(0) };
  let state = structuredClone(detector.initial);
  const said: (Finding & { burst: number })[] = [];
  for (let i = 0; i < count; i++) {
    const place = { seq: i, boot: 1, steady: steadyMs(i * 600_000), tq: "synced" as const };
    const t = epochMs(START + i * 600_000);
    if (given.rpmPoint !== undefined) {
      state = detector.step(state, { ...place, item: good("lathe/spindle_speed", t, given.rpmPoint) }, around).state;
    }
    const item: Burst = {
      point: "lathe/spindle_z",
      t,
      rate,
      samples: samples(i),
      clipped,
      ...(shaft !== undefined && { shaft }),
    };
    const entry: Entry<Burst> = Object.freeze({ ...place, item: Object.freeze(item) });
    const step = detector.burst?.(state, entry, around);
    state = JSON.parse(JSON.stringify(step?.state));
    if (step?.finding) said.push({ burst: i, ...step.finding });
  }
  return { said, state, learning: detector.learning?.(state) };
}

const healthy = (seed: number) => {
  const rough = noise(seed);
  return Float32Array.from({ length: 16_384 }, () => 0.2 * rough());
};

const faulty = (part: "outer" | "inner", from: number, height: number) => (i: number) =>
  i < from
    ? healthy(i + 1)
    : knocks({
        seconds: 1.28,
        rate: RATE,
        hz: orders[part] * SHAFT,
        slip: 0.008,
        loud: 0.2,
        seed: i + 1,
        height: () => height,
      });

describe("a bearing that begins to knock", () => {
  const { said } = play(45, faulty("outer", 30, 2));

  test("is an alert within five bursts, with its race named and dated", () => {
    const alert = said.find(({ level }) => level === "alert");
    expect(alert?.burst).toBeLessThanOrEqual(35);
    expect(alert).toMatchObject({ active: true, part: "bearing", point: "lathe/spindle_z_rms" });
    expect(((alert?.onset ?? 0) - START) / 600_000).toBeGreaterThanOrEqual(30);
    expect(said.at(-1)?.text.en).toMatch(/^spindle z: knocks at 89\.6 Hz, \d+ times above chance: bearing outer race/);
    expect(said.at(-1)?.text.fr).toContain("chocs à 89,6 Hz");
  });

  test("nothing was said before", () => {
    expect(said.filter(({ burst }) => burst < 30)).toEqual([]);
  });

  test("another race gets its own name", () => {
    expect(play(45, faulty("inner", 30, 2)).said.at(-1)?.text.en).toContain("bearing inner race");
  });

  test("a shaft speed told by a point of the machine serves as well as one in the burst", () => {
    const { said } = play(45, faulty("outer", 30, 2), { shaft: undefined, rpmPoint: 60 * SHAFT });
    expect(said.at(-1)?.text.en).toContain("outer race");
  });

  test("without any speed the band still shows it, and no part is guessed", () => {
    const { said } = play(45, faulty("outer", 30, 4), { shaft: undefined });
    expect(said.at(-1)?.text.en).toMatch(/^spindle z: band [\d.]+–[\d.]+ kHz \+\d+ dB above usual\.$/);
    expect(said.at(-1)?.part).toBe("bearing");
  });
});

describe("what does not call anybody", () => {
  test.each([1, 2, 3])("a hundred healthy bursts (seed %i)", (seed) => {
    expect(play(100, (i) => healthy(1_000 * seed + i)).said).toEqual([]);
  });

  test("one loud burst, or two", () => {
    expect(play(60, (i) => (i === 40 || i === 43 ? faulty("outer", 0, 6)(i) : healthy(i + 1))).said).toEqual([]);
  });

  test("bursts that clipped, and bursts of a machine that idles", () => {
    expect(play(60, faulty("outer", 30, 6), { clipped: true }).said).toEqual([]);
    expect(play(60, faulty("outer", 30, 6), { state: "idle" }).said).toEqual([]);
  });

  test("a slow sensor guesses no part", () => {
    const { said } = play(60, faulty("outer", 30, 2), { rate: 3_200 });
    expect(said.every(({ text }) => !text.en.includes("race"))).toBe(true);
  });
});

test("a knocking that stops is taken back", () => {
  const { said } = play(70, (i) => (i >= 30 && i < 45 ? faulty("outer", 0, 2)(i) : healthy(i + 1)));
  expect(said.some(({ level }) => level === "alert")).toBe(true);
  expect(said.at(-1)).toMatchObject({ active: false });
});

test("low frequencies that rise are balance or looseness, not a bearing", () => {
  const shaking = (i: number) =>
    healthy(i + 1).map((x, k) => x + (i < 30 ? 0.02 : 0.4) * Math.sin((2 * Math.PI * SHAFT * k) / RATE));
  const { said } = play(45, shaking, { options: {} });
  expect(said.at(-1)).toMatchObject({ active: true, level: "watch", part: "balance" });
});

test("it says how far it is with learning", () => {
  expect(play(6, (i) => healthy(i + 1)).learning).toEqual({ seen: 6_000, needed: 24_000 });
  expect(play(24, (i) => healthy(i + 1)).learning).toBeNull();
});

test("what it remembers of a sensor stays under 64 KB", () => {
  expect(JSON.stringify(play(60, faulty("outer", 30, 2)).state).length).toBeLessThan(8_000);
});

test("sensors that send bursts are watched without being asked for, with the bearing that their name mentions", () => {
  const of = (machine: Partial<Machine>, made: { made?: "burst" } = { made: "burst" }) => {
    const context = contextOf(bearing, signals, machine);
    return bearing.byDefault?.({ ...context, point: context.point && { ...context.point, ...made } });
  };
  expect(of({ bearings: { spindle: "SKF 6205", motor: "6308" } })).toEqual({ bearing: "SKF 6205", learn: 24 });
  expect(of({ bearings: { front: "6308" } })).toEqual({ bearing: "6308", learn: 24 });
  expect(of({ bearings: { front: "a mystery" } })).toEqual({ learn: 24 });
  expect(of({}, {})).toBeUndefined();
});

test("an unknown bearing is refused with what to write instead", () => {
  expect(bearing.options.safeParse({ bearing: "99999" }).error?.issues[0]?.message).toContain("balls,ball mm,pitch mm");
});
