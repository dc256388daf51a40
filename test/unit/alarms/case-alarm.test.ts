import { expect, test } from "vitest";
import { z } from "zod";
import { ruleHead } from "../../../gateway/alarms/rule.ts";
import { type Detector, HEARTBEAT } from "../../../gateway/core/detector.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { defineDetector } from "../../../gateway/plugin.ts";
import { Shop } from "./shop.ts";

const TEMP = "tour-2/temp";

/** Finds something unusual above 80; its findings vote. */
const odd = defineDetector({
  options: z.strictObject({}),
  about: "point",
  vote: 1,
  create: (): Detector<{ odd: boolean }> => ({
    inputs: [TEMP],
    initial: { odd: false },
    step(state, { item }) {
      if (item.point === HEARTBEAT || item.quality === "bad" || item.value > 80 === state.odd) return { state };
      const active = item.value > 80;
      return {
        state: { odd: active },
        finding: { active, level: "alert", score: 1, text: sameText("bizarre"), point: TEMP },
      };
    },
  }),
});

const house = (head: Record<string, unknown> = {}) =>
  Shop.open({
    plugins: new Map([["odd", odd]]),
    rules: [
      { head: ruleHead.parse({ id: "bizarre", type: "odd", point: TEMP, action: "regarder", ...head }), options: {} },
    ],
  });

test("a voting rule speaks through its machine's case, with its point, its checks and the rule's own advice", async () => {
  const shop = await house();
  await shop.value(TEMP, 90);
  await shop.pass(60);
  expect(shop.engine.list()).toMatchObject([
    {
      id: "case-tour-2",
      point: TEMP,
      level: "alert",
      text: { fr: "bizarre" },
      action: { fr: "regarder" },
      evidence: [{ fr: "bizarre" }],
    },
  ]);
  expect(shop.engine.list()[0]?.checks).toHaveLength(3);
  expect(shop.told).toHaveLength(1);
  expect(shop.engine.machineView("tour-2").health).toBeLessThan(100);
});

test("`alone: true` makes it an alarm of its own", async () => {
  const shop = await house({ alone: true });
  await shop.value(TEMP, 90);
  expect(shop.engine.list().map((a) => a.id)).toEqual(["bizarre"]);
});

test("a case outlives a restart: same occurrence, nobody told again, its verdict counts", async () => {
  const shop = await house();
  await shop.value(TEMP, 90);
  await shop.pass(60);
  await shop.engine.close();
  await shop.restart();
  await shop.pass(700);
  expect(shop.engine.list()).toMatchObject([{ id: "case-tour-2", occurrence: 1, state: "unacked" }]);
  expect(shop.told).toHaveLength(1);
  const proposals = await shop.engine.judge({ machine: "tour-2", verdict: "wrong", by: "Claire" });
  expect(proposals).toMatchObject([{ rule: "bizarre" }]);
  await shop.pass(1_800);
  expect(shop.engine.get("case-tour-2")?.active).toBe(false);
});

test("a case survives kill -9 between two checkpoints", async () => {
  const shop = await house();
  await shop.value(TEMP, 90);
  await shop.pass(60);
  await shop.restart();
  await shop.pass(700);
  expect(shop.engine.list()).toMatchObject([{ id: "case-tour-2", occurrence: 1, state: "unacked", active: true }]);
  expect(shop.told).toHaveLength(1);
});
