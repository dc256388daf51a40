import { expect, test } from "vitest";
import { ruleHead } from "../../../gateway/alarms/rule.ts";
import { type PointId, pointId } from "../../../gateway/core/point.ts";
import { bad, good } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import stale from "../../../gateway/detectors/stale.ts";
import { limitRule, point, Shop } from "./shop.ts";

const TEMP = "tour-2/temp";
const hot = (head: Record<string, unknown> = {}, about: PointId = TEMP) => limitRule(about, 75, head);
const none = new Map();
const onlyLimits = async (head: Record<string, unknown> = {}) =>
  Shop.open({ rules: [hot(head)], plugins: new Map([["limit", limit]]) });

test("a value over its limit raises an alarm, an acknowledgement quiets it, its end is silent", async () => {
  const shop = await onlyLimits({ action: "Couper l'avance" });
  await shop.value(TEMP, 82);
  expect(shop.engine.list()).toMatchObject([
    {
      id: "chaud",
      machine: "tour-2",
      state: "unacked",
      active: true,
      value: 82,
      limit: 75,
      occurrence: 1,
      action: { fr: "Couper l'avance" },
    },
  ]);
  const acked = await shop.engine.act("chaud", { kind: "ack", by: "Claire", comment: "j'y vais" });
  expect(acked).toMatchObject({ state: "acked", ackedBy: "Claire", comment: "j'y vais" });
  await shop.value(TEMP, 60);
  expect(shop.engine.list()).toEqual([]);
  expect(shop.moves).toEqual(["chaud: normal → unacked", "chaud: unacked → acked", "chaud: acked → normal"]);
  expect(shop.told).toHaveLength(1);
});

test("an alarm that nobody saw stays in the list when it is over, and comes back as a new occurrence", async () => {
  const shop = await onlyLimits();
  await shop.value(TEMP, 82);
  await shop.value(TEMP, 60);
  expect(shop.state("chaud")).toBe("returned");
  await shop.value(TEMP, 83);
  expect(shop.engine.get("chaud")).toMatchObject({ state: "unacked", occurrence: 2 });
});

test("a rule that is switched off in the site file calls nobody and keeps nobody quiet, and speaks again when it is on", async () => {
  const child = hot({ id: "enfant", suppress: { parents: ["chaud"] } });
  const shop = await Shop.open({ rules: [hot(), child], plugins: new Map([["limit", limit]]) });
  await shop.value(TEMP, 82);
  expect(shop.state("enfant")).toBe("suppressed");
  await shop.engine.close();
  await shop.restart({ rules: [hot({ enabled: false }), child] });
  await shop.pass(700, () => [good(TEMP, shop.t, 82)]);
  expect([shop.state("chaud"), shop.state("enfant")]).toEqual(["disabled", "unacked"]);
  expect(shop.memory.notices.map(({ item }) => item)).toContainEqual(
    expect.objectContaining({ from: "unacked", to: "disabled", reason: "rule disabled", annunciated: false }),
  );
  await shop.restart({ rules: [hot(), child] });
  await shop.pass(1, () => [good(TEMP, shop.t, 82)]);
  expect(shop.state("chaud")).toBe("unacked");
  expect(shop.told.map(({ alarm }) => alarm.id)).toEqual(["chaud", "enfant", "chaud"]);
});

test("a blip shorter than the delay reaches nobody and is counted", async () => {
  const shop = await onlyLimits({ delay: { on: "10s" } });
  await shop.value(TEMP, 82);
  await shop.pass(9);
  await shop.value(TEMP, 60);
  await shop.pass(20);
  expect(shop.moves).toEqual([]);
  await shop.value(TEMP, 82);
  await shop.pass(10);
  expect(shop.moves).toEqual(["chaud: pending → unacked"]);
});

test("an end shorter than the delay is no end", async () => {
  const shop = await onlyLimits({ delay: { off: "10s" } });
  await shop.value(TEMP, 82);
  await shop.value(TEMP, 60);
  await shop.pass(9);
  await shop.value(TEMP, 82);
  await shop.pass(20);
  expect(shop.moves).toEqual(["chaud: normal → unacked"]);
});

test("a restart tells nobody twice and forgets neither the alarm, nor its occurrence, nor who has seen it", async () => {
  const shop = await onlyLimits();
  await shop.value(TEMP, 82);
  await shop.engine.act("chaud", { kind: "ack", by: "Claire" });
  await shop.restart();
  expect(shop.engine.list()).toMatchObject([{ id: "chaud", state: "acked", ackedBy: "Claire" }]);
  await shop.value(TEMP, 84);
  await shop.pass(1_000, () => []);
  expect(shop.told).toHaveLength(1);
  await shop.value(TEMP, 60);
  expect(shop.moves.at(-1)).toBe("chaud: acked → normal");
});

test("a delay goes on over a restart", async () => {
  const shop = await onlyLimits({ delay: { on: "10s" } });
  await shop.value(TEMP, 82);
  await shop.pass(6);
  await shop.restart();
  await shop.pass(3);
  expect(shop.moves).toEqual([]);
  await shop.pass(1);
  expect(shop.moves).toEqual(["chaud: pending → unacked"]);
});

test("an alarm of a rule that was edited is over unless it shows again within ten minutes", async () => {
  const shop = await onlyLimits({ ackRequired: false });
  await shop.value(TEMP, 82);
  await shop.restart({ rules: [limitRule(TEMP, 90, { ackRequired: false })] });
  await shop.value(TEMP, 82);
  await shop.pass(599);
  expect(shop.state("chaud")).toBe("unacked");
  await shop.pass(2);
  expect(shop.state("chaud")).toBe("normal");
});

test("an alarm that holds over a restart still holds ten minutes later, though its sensor has said nothing new", async () => {
  const shop = await onlyLimits();
  await shop.value(TEMP, 82);
  await shop.restart();
  await shop.pass(1_200);
  expect(shop.engine.list()).toMatchObject([{ id: "chaud", state: "unacked", active: true }]);
  expect(shop.told).toHaveLength(1);
});

test("an alarm whose rule is gone leaves, and says so", async () => {
  const shop = await onlyLimits();
  await shop.value(TEMP, 82);
  await shop.restart({ rules: [] });
  await shop.pass(1);
  expect(shop.engine.list()).toEqual([]);
  expect(shop.memory.notices.at(-1)?.item).toMatchObject({ to: "normal", reason: "rule removed", annunciated: false });
  expect(await shop.memory.load("alarm")).toEqual(none);
});

test("while the disk is broken nothing is lost: the notice is written once it works again, and only once", async () => {
  const shop = await onlyLimits();
  shop.memory.broken = true;
  const batch = [shop.memory.put({ point: TEMP, t: shop.t, quality: "good", value: 82 }, shop.steady)];
  await expect(shop.engine.apply(batch, "live")).rejects.toThrow("disk is broken");
  expect(shop.state("chaud")).toBe("unacked");
  shop.memory.broken = false;
  await shop.engine.apply(batch, "live");
  expect(shop.moves).toEqual(["chaud: normal → unacked"]);
  expect(shop.memory.cursors.get("alarms")).toBe(1);
});

test("bad readings neither raise, nor end, nor let a delay run", async () => {
  const shop = await onlyLimits({ delay: { on: "10s" } });
  await shop.value(TEMP, 82);
  await shop.pass(5);
  await shop.bad(TEMP, "sensor_open");
  await shop.pass(60);
  expect(shop.moves).toEqual([]);
  await shop.value(TEMP, 83);
  await shop.pass(4);
  expect(shop.moves).toEqual([]);
  await shop.pass(1);
  expect(shop.moves).toEqual(["chaud: pending → unacked"]);
});

test("shelving has a longest time by priority, and its end calls again", async () => {
  const shop = await onlyLimits({ priority: "high" });
  await shop.value(TEMP, 82);
  const shelve = (hours: number) =>
    shop.engine.act("chaud", {
      kind: "shelve",
      by: "Bruno",
      until: epochMs(shop.t + hours * HOUR),
      reason: "pièce commandée",
    });
  await expect(shelve(9)).rejects.toThrow(/8 h at most/);
  expect(await shelve(1)).toMatchObject({ state: "shelved", shelvedUntil: shop.t + HOUR, comment: "pièce commandée" });
  await shop.pass(3_599);
  expect(shop.told).toHaveLength(1);
  await shop.pass(1);
  expect(shop.state("chaud")).toBe("unacked");
  expect(shop.told).toHaveLength(2);
});

test("a wall clock that jumps ten years ends no shelf and no delay", async () => {
  const shop = await onlyLimits({ delay: { on: "60s" } });
  await shop.value(TEMP, 82);
  shop.step = 10 * 365 * DAY;
  await shop.pass(30);
  shop.step = -50 * 365 * DAY;
  await shop.pass(29);
  expect(shop.moves).toEqual([]);
  await shop.pass(1);
  expect(shop.moves).toHaveLength(1);
});

test("a child is quiet while its parent holds, and speaks 30 s after it is gone", async () => {
  const points = [point("tour-2/temp"), point("tour-2/pump")];
  const parent = limitRule("tour-2/pump", 5, { id: "pompe" });
  const shop = await Shop.open({ points, rules: [parent, hot({ suppress: { parents: ["pompe"] } })] });
  await shop.value("tour-2/pump", 9);
  await shop.value(TEMP, 82);
  expect(shop.state("chaud")).toBe("suppressed");
  await shop.value("tour-2/pump", 1);
  await shop.pass(29);
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["pompe"]);
  await shop.pass(2);
  expect(shop.state("chaud")).toBe("unacked");
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["pompe", "chaud"]);
});

test("fifty silent sensors of one line are one alarm", async () => {
  const ids = Array.from({ length: 50 }, (_, i) => pointId(`m-${i % 10}`, `s${i}`));
  const points = ids.map((id, i) => point(id, { device: `d${i % 10}` }));
  const shop = await Shop.open({ points });
  await shop.put(...ids.map((id) => ({ point: id, t: shop.t, quality: "good" as const, value: 20 })));
  await shop.pass(300, () => ids.map((id) => bad(id, shop.t, "timeout")));
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["line-ligne-1"]);
  expect(shop.told[0]?.alarm.text.fr).toBe("ligne-1 : 10 appareils muets, 50 mesures (ne répond pas)");
  expect(
    shop.engine
      .list()
      .filter((a) => a.state !== "suppressed")
      .map((a) => a.id),
  ).toEqual(["line-ligne-1"]);
});

test("one unplugged sensor is a silent sensor, not a silent device", async () => {
  const points = [point("tour-2/temp", { device: "ana-1" }), point("tour-2/oil", { device: "ana-1" })];
  const shop = await Shop.open({ points });
  await shop.pass(60, () => [
    { point: "tour-2/temp", t: shop.t, quality: "good", value: 40 },
    bad("tour-2/oil", shop.t, "sensor_open"),
  ]);
  expect(shop.engine.list()).toMatchObject([{ id: "tour-2-oil-stale", level: "watch", state: "unacked" }]);
  expect(shop.told).toEqual([]);
});

test("a rule of the site file takes the place of the default one for that point", async () => {
  const rules = [
    { head: ruleHead.parse({ id: "muet", type: "stale", point: TEMP }), options: stale.options.parse({ after: "5s" }) },
  ];
  const shop = await Shop.open({ rules });
  expect(shop.engine.rules.map((r) => [r.id, r.byDefault])).toEqual([["muet", false]]);
});

test("an unknown alarm and a hand that does not fit are refused with words", async () => {
  const shop = await onlyLimits();
  await shop.pass(1);
  await expect(shop.engine.act("rien", { kind: "ack", by: "x" })).rejects.toMatchObject({ code: "unknown-alarm" });
  await shop.value(TEMP, 82);
  await expect(shop.engine.act("chaud", { kind: "reset", by: "x" })).rejects.toMatchObject({ code: "not-now" });
});

test("the site file chooses which kinds of rules points get by themselves", async () => {
  const idsWith = async (alarms: Record<string, unknown>) =>
    (await Shop.open({ rules: [hot()], settings: alarms })).engine.rules.map(({ id }) => id);
  expect(await idsWith({})).toEqual(["chaud", "tour-2-temp-stale"]);
  expect(await idsWith({ defaults: ["stale"] })).toEqual(["chaud", "tour-2-temp-stale"]);
  expect(await idsWith({ defaults: ["sensor-fault"] })).toEqual(["chaud"]);
  expect(await idsWith({ defaults: false })).toEqual(["chaud"]);
});
