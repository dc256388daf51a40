import { expect, test } from "vitest";
import { Timebase } from "../../../firmware-bridge/timebase.ts";
import { seeded } from "./random.ts";

/** A node whose clock is `offset` ms behind and runs `drift` fast; wire delays of 1 ms and up, jitter now and then. */
function learn(base: Timebase, from: number, seconds: number, drift: number, offset: number, seed = 1): void {
  const random = seeded(seed);
  const nodeAt = (gateway: number) => Math.floor((gateway - offset) / (1 + drift)) >>> 0;
  for (let i = 0; i < seconds; i++) {
    const asked = from + i * 1_000;
    const there = asked + 0.7 + random() * (random() < 0.2 ? 15 : 0.5);
    const back = there + 2 + random() * (random() < 0.2 ? 15 : 0.5);
    base.add(asked, back + 1.3, nodeAt(there), nodeAt(back));
  }
}

test.each([0, 20e-6, 2e-3, -5e-3])("a sample is dated within 5 ms at a clock error of %f, jitter or not", (drift) => {
  const base = new Timebase();
  learn(base, 1e6, 40, drift, 250_000);
  const node = (gateway: number) => Math.floor((gateway - 250_000) / (1 + drift)) >>> 0;
  for (const true_ of [1.005e6, 1.03e6, 1.045e6])
    expect(Math.abs((base.monotonicOf(node(true_)) ?? 0) - true_)).toBeLessThan(5);
});

test("a sample that waited out a minute of pulled cable is dated within 5 ms", () => {
  const drift = 3e-3;
  const base = new Timebase();
  learn(base, 1e6, 60, drift, 0);
  learn(base, 1.12e6, 6, drift, 0, 2);
  for (const true_ of [1.061e6, 1.09e6, 1.12e6])
    expect(Math.abs((base.monotonicOf(Math.floor(true_ / (1 + drift))) ?? 0) - true_)).toBeLessThan(5);
});

test("the counter of milliseconds goes round and times go on", () => {
  const base = new Timebase();
  const offset = -(2 ** 32 - 20_000);
  learn(base, 0, 60, 0, offset);
  expect(base.monotonicOf(2 ** 32 - 5_000)).toBeCloseTo(15_000, -1);
  expect(base.monotonicOf(15_000)).toBeCloseTo(35_000, -1);
});

test("without three answers there is no time", () => {
  const base = new Timebase();
  expect(base.monotonicOf(0)).toBeUndefined();
  learn(base, 0, 2, 0, 0);
  expect(base.ready).toBe(false);
  expect(base.monotonicOf(0)).toBeUndefined();
});
