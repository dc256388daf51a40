import { expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import limit from "../../../gateway/detectors/limit.ts";
import { limitRule, point, Shop } from "./shop.ts";

const TEMP = "tour-2/temp";
const POWER = "tour-2/power";
const state = { signal: "power", off: 5, idle: 50, dwell: "2s" };

const house = (head: Record<string, unknown>) =>
  Shop.open({
    points: [point(TEMP), point(POWER, {}, "W")],
    rules: [limitRule(TEMP, 75, head)],
    plugins: new Map([["limit", limit]]),
    state,
  });
const at = (shop: Shop, watts: number, temp: number) => () => [good(POWER, shop.t, watts), good(TEMP, shop.t, temp)];

test("an alarm that is tied to its machine is quiet while that is off, and speaks 30 s after it runs", async () => {
  const shop = await house({ suppress: { off: true } });
  await shop.pass(20, at(shop, 0, 60));
  expect(shop.engine.machineView("tour-2").state).toBe("off");
  await shop.pass(60, at(shop, 0, 82));
  expect(shop.told).toEqual([]);
  expect(shop.engine.explain("chaud")?.answer.en).toBe(
    "The condition holds, but the alarm is suppressed: the machine is off.",
  );
  await shop.pass(25, at(shop, 1_000, 82));
  expect(shop.told).toEqual([]);
  await shop.pass(15, at(shop, 1_000, 82));
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["chaud"]);
});

test("the same alarm without the tie speaks at once", async () => {
  const shop = await house({});
  await shop.pass(20, at(shop, 0, 60));
  await shop.pass(1, at(shop, 0, 82));
  expect(shop.told).toHaveLength(1);
  expect(shop.told[0]?.doing).toBe("off");
});

test("a start-up window keeps the start quiet, and what is over by then was never said", async () => {
  const shop = await house({ suppress: { startup: "30s" } });
  await shop.pass(20, at(shop, 0, 60));
  await shop.pass(5, at(shop, 1_000, 60));
  await shop.pass(15, at(shop, 1_000, 82));
  await shop.pass(120, at(shop, 1_000, 60));
  expect(shop.told).toEqual([]);
  expect(shop.engine.list()).toEqual([]);
  await shop.pass(5, at(shop, 1_000, 82));
  expect(shop.told).toHaveLength(1);
});
