import { expect, test } from "vitest";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import stale from "../../../gateway/detectors/stale.ts";
import { limitRule, point, Shop } from "./shop.ts";

const TEMP = "tour-2/temp";
const POWER = "tour-2/power";
const SAW = "scie-1/temp";

const points = [point(TEMP), point(POWER, {}, "W"), point(SAW, { device: "d-saw" })];
const every = (reading: (id: (typeof points)[number]["id"]) => Reading) => () => points.map(({ id }) => reading(id));
const well = (shop: Shop) => every((id) => good(id, shop.t, 20));
const dead = (shop: Shop) => every((id) => bad(id, shop.t, "timeout"));

test("a whole line dies: only its root is ever seen, within the minute too; the rest is in the expert view", async () => {
  const shop = await Shop.open({ points, rules: [limitRule(TEMP, 75)] });
  await shop.pass(30, well(shop));
  const seen = new Set<string>();
  for (let second = 0; second < 90; second++) {
    await shop.pass(1, dead(shop));
    for (const { id, state } of shop.engine.list()) seen.add(`${id} ${state}`);
  }
  expect([...seen]).toEqual(["line-ligne-1 unacked"]);
  const quiet = shop.engine.list("expert").filter(({ state }) => state === "suppressed");
  expect(quiet.map(({ id }) => id).sort()).toEqual(["scie-1-temp-stale", "tour-2-power-stale", "tour-2-temp-stale"]);
  expect(shop.told.map(({ alarm }) => alarm.id)).toEqual(["line-ligne-1"]);
});

test("one device that restarts calls nobody; one that is silent for five minutes does, once, while it comes and goes", async () => {
  const shop = await Shop.open({ points, plugins: new Map([["limit", limit]]) });
  const oneDown = every((id) => (id === SAW ? bad(id, shop.t, "timeout") : good(id, shop.t, 20)));
  await shop.pass(30, well(shop));
  await shop.pass(290, oneDown);
  await shop.pass(60, well(shop));
  expect(shop.told).toEqual([]);
  await shop.pass(305, oneDown);
  for (let i = 0; i < 4; i++) {
    await shop.pass(200, well(shop));
    await shop.pass(330, oneDown);
  }
  expect(shop.told.map(({ alarm }) => alarm.id)).toEqual(["device-d-saw"]);
  await shop.pass(310, well(shop));
  expect(shop.engine.list()).toEqual([]);
});

const meter = { signal: "power", off: 5, idle: 50, dwell: "2s" };

test("a device that gets its power from its machine may be silent while that is off, not while it runs", async () => {
  const shop = await Shop.open({ points, plugins: new Map([["limit", limit]]), state: meter });
  const drawing = (watts: number) =>
    every((id) => (id === TEMP ? bad(id, shop.t, "timeout") : good(id, shop.t, id === POWER ? watts : 20)));
  await shop.pass(30, well(shop));
  await shop.pass(1_800, drawing(0));
  expect(shop.told).toEqual([]);
  await shop.pass(400, drawing(900));
  expect(shop.told.map(({ alarm }) => alarm.id)).toEqual(["device-d-temp"]);
});

test("a machine whose own meter is silent is not taken for one that is off", async () => {
  const shop = await Shop.open({ points, plugins: new Map([["limit", limit]]), state: meter });
  const cut = every((id) => (id === POWER ? bad(id, shop.t, "timeout") : good(id, shop.t, 20)));
  await shop.pass(
    30,
    every((id) => good(id, shop.t, id === POWER ? 0 : 20)),
  );
  await shop.pass(700, cut);
  expect(shop.told.map(({ alarm }) => alarm.id)).toEqual(["device-d-power"]);
});

test("blips that a delay kept from people are still counted after a restart, by the day", async () => {
  const shop = await Shop.open({
    rules: [limitRule(TEMP, 75, { delay: { on: "10s" } })],
    plugins: new Map([
      ["stale", stale],
      ["limit", limit],
    ]),
  });
  const blip = async () => {
    await shop.pass(3, () => [good(TEMP, shop.t, 82)]);
    await shop.pass(3, () => [good(TEMP, shop.t, 60)]);
  };
  await blip();
  await blip();
  await shop.restart();
  await blip();
  const figures = (from: number, to: number) => shop.engine.quality(epochMs(from), epochMs(to), []);
  expect((await figures(shop.t - 3_600_000, shop.t)).fleetingAvoided).toBe(3);
  expect((await figures(shop.t - 10 * 86_400_000, shop.t - 3 * 86_400_000)).fleetingAvoided).toBe(0);
});
