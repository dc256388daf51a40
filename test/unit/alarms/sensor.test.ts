import { expect, test } from "vitest";
import { z } from "zod";
import type { Burst } from "../../../gateway/core/burst.ts";
import { type Detector, HEARTBEAT } from "../../../gateway/core/detector.ts";
import { bad, good } from "../../../gateway/core/reading.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { steadyMs } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import sensorFault from "../../../gateway/detectors/sensor-fault.ts";
import { defineDetector } from "../../../gateway/plugin.ts";
import { limitRule, point, Shop } from "./shop.ts";

const TEMP = "tour-2/temp";
const BAR = "tour-2/pressure";
const Z = "tour-2/spindle_z";

/** Takes a sensor for broken while it says exactly 999; looks at bursts for a sample above 10 g. */
const broken = defineDetector({
  options: z.strictObject({}),
  about: "point",
  byDefault: () => ({}),
  create: (_, { point: about }): Detector<{ active: boolean }> => ({
    inputs: about ? [about.id] : [],
    initial: { active: false },
    step(state, { item }) {
      if (item.point === HEARTBEAT || item.quality === "bad") return { state };
      const active = item.value === 999;
      if (active === state.active) return { state };
      return {
        state: { active },
        finding: { active, level: "watch", score: 1, text: sameText("capteur"), silences: item.point },
      };
    },
    burst(state, { item }) {
      const active = Math.max(...item.samples) > 10;
      return { state, finding: { active, level: "alert", score: 1, text: sameText("choc"), point: item.point } };
    },
  }),
});

test("while a sensor is at fault, alarms about its point are suppressed, and come back when it is sound and they still hold", async () => {
  const shop = await Shop.open({
    rules: [limitRule(TEMP, 75)],
    plugins: new Map([
      ["broken", broken],
      ["limit", limit],
    ]),
  });
  await shop.value(TEMP, 60);
  await shop.value(TEMP, 999);
  await shop.pass(1);
  expect(shop.state("chaud")).toBe("suppressed");
  expect(shop.engine.explain("chaud")?.suppression).toEqual(["sensor"]);
  await shop.pass(60, () => [good(TEMP, shop.t, 82)]);
  expect(shop.state("chaud")).toBe("unacked");
});

test("a restart forgets no sensor that is at fault", async () => {
  const shop = await Shop.open({
    rules: [limitRule(TEMP, 75)],
    plugins: new Map([
      ["broken", broken],
      ["limit", limit],
    ]),
  });
  await shop.value(TEMP, 60);
  await shop.value(TEMP, 999);
  await shop.engine.close();
  await shop.restart();
  await shop.pass(700);
  expect(shop.state("chaud")).toBe("suppressed");
  expect(shop.told).toHaveLength(0);
});

test("a burst reaches the rules of its point, once, and its alarm is of that point", async () => {
  const shop = await Shop.open({ points: [point(Z, {}, "[g]")], plugins: new Map([["broken", broken]]) });
  await shop.pass(1);
  const item: Burst = { point: Z, t: shop.t, rate: 100, samples: new Float32Array([0, 12]), clipped: false };
  const entry = { seq: 1, boot: 1, steady: steadyMs(shop.steady), tq: "synced" as const, item };
  await shop.engine.bursts.apply([entry], "live");
  await shop.engine.bursts.apply([entry], "live");
  expect(shop.engine.list()).toMatchObject([{ point: Z, text: { fr: "choc" }, occurrence: 1 }]);
  expect(shop.told).toHaveLength(1);
});

test("a sensor that was at fault and sound again is told of when its wire breaks", async () => {
  const range = [0, 100] as const;
  const ranged = { ...point(TEMP), signal: { ...point(TEMP).signal, range } };
  const shop = await Shop.open({ points: [ranged], plugins: new Map([["sensor-fault", sensorFault]]) });
  await shop.pass(60, () => [good(TEMP, shop.t, 100)]);
  const [atStop] = shop.engine.list();
  await shop.pass(60, () => [good(TEMP, shop.t, 60)]);
  expect(shop.state(atStop?.id ?? "")).toBe("normal");
  await shop.pass(60, () => [bad(TEMP, shop.t, "sensor_open")]);
  expect(shop.engine.list()).toMatchObject([{ id: atStop?.id, state: "unacked" }]);
});

/** Speaks about the temperature, by what the pressure says. */
const elsewhere = defineDetector({
  options: z.strictObject({}),
  about: "point",
  byDefault: ({ point: about }) => (about?.id === TEMP ? {} : undefined),
  create: (): Detector<{ active: boolean }> => ({
    inputs: [TEMP, BAR],
    initial: { active: false },
    step(state, { item }) {
      if (item.point !== BAR || item.quality === "bad") return { state };
      const active = item.value > 5;
      if (active === state.active) return { state };
      return { state: { active }, finding: { active, level: "alert", score: 1, text: sameText("fuite"), point: TEMP } };
    },
  }),
});

test("what was said of a point while it was bad holds when it is good again", async () => {
  const shop = await Shop.open({
    points: [point(TEMP), point(BAR)],
    plugins: new Map([["elsewhere", elsewhere]]),
  });
  const seconds = async (bar: number, temp: number | undefined) =>
    shop.pass(20, () => [
      temp === undefined ? bad(TEMP, shop.t, "sensor_open") : good(TEMP, shop.t, temp),
      good(BAR, shop.t, bar),
    ]);
  await seconds(9, 60);
  const [leak] = shop.engine.list();
  await seconds(1, undefined);
  expect(shop.state(leak?.id ?? "")).toBe("unacked");
  await seconds(1, 60);
  expect(shop.state(leak?.id ?? "")).toBe("returned");
  await seconds(9, undefined);
  expect(shop.state(leak?.id ?? "")).toBe("returned");
  await seconds(9, 60);
  expect(shop.state(leak?.id ?? "")).toBe("unacked");
});
