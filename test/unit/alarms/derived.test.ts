import { expect, test } from "vitest";
import { bad, good } from "../../../gateway/core/reading.ts";
import { point, Shop } from "./shop.ts";

test("of a machine whose every sensor is silent nothing is known, neither its state nor its health", async () => {
  const shop = await Shop.open({ points: [point("tour-2/temp"), point("tour-2/power")] });
  const [temp, power] = ["tour-2/temp", "tour-2/power"] as const;
  const newest = (what: string) => shop.made.findLast(({ point }) => point === `tour-2/${what}`);
  await shop.pass(70, () => [good(temp, shop.t, 60), good(power, shop.t, 800)]);
  expect(newest("health")).toMatchObject({ quality: "good", value: 100 });
  expect(newest("state")).toMatchObject({ quality: "good" });

  await shop.pass(70, () => [bad(temp, shop.t, "timeout"), good(power, shop.t, 800)]);
  expect(newest("health")).toMatchObject({ quality: "good", value: 100 });

  await shop.pass(2, () => [bad(temp, shop.t, "timeout"), bad(power, shop.t, "timeout")]);
  expect(newest("state")).toMatchObject({ quality: "bad", why: "timeout" });
  await shop.pass(70, () => [bad(temp, shop.t, "timeout"), bad(power, shop.t, "timeout")]);
  expect(newest("health")).toMatchObject({ quality: "bad", why: "timeout" });

  await shop.pass(2, () => [good(temp, shop.t, 60), bad(power, shop.t, "timeout")]);
  expect(newest("state")).toMatchObject({ quality: "good" });
});

test("of a machine of which nothing has been read since the start nothing is said", async () => {
  const shop = await Shop.open({ points: [point("tour-2/temp")] });
  await shop.pass(130, () => []);
  expect(shop.made).toEqual([]);
  await shop.pass(70, () => [bad("tour-2/temp", shop.t, "timeout")]);
  expect(shop.made.length).toBeGreaterThan(0);
  expect(shop.made.every(({ quality }) => quality === "bad")).toBe(true);
});
