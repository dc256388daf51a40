import { expect, test } from "vitest";
import { noiseOf } from "../../../gateway/alarms/noise.ts";
import { type QualityInput, qualityOf } from "../../../gateway/alarms/quality.ts";
import type { AlarmEvent } from "../../../gateway/core/alarm.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR, MINUTE, SECOND, steadyMs } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import { alarm, event } from "../notifiers/desk.ts";
import { limitRule, point, Shop } from "./shop.ts";

const TEMP = "tour-2/temp";
const house = (head: Record<string, unknown> = {}) =>
  Shop.open({ rules: [limitRule(TEMP, 75, head)], plugins: new Map([["limit", limit]]) });
const answer = (shop: Shop) => shop.engine.explain("chaud")?.answer.en;

test("why is this not firing: every answer there is, with value, timers and suppression", async () => {
  const shop = await house({ delay: { on: "10s" } });
  expect(answer(shop)).toBe("No measurement has arrived yet.");
  await shop.value(TEMP, 60);
  expect(answer(shop)).toBe("The condition does not hold.");
  await shop.value(TEMP, 82);
  await shop.pass(4);
  expect(answer(shop)).toBe("The condition holds; alarm in 6 s.");
  expect(shop.engine.explain("chaud")).toMatchObject({
    inputs: [{ point: TEMP, value: 82, quality: "good" }],
    timers: [{ alarm: "chaud", timer: "on", left: 6 * SECOND }],
    rule: { options: { high: 75 }, votes: false },
  });
  await shop.pass(6);
  expect(answer(shop)).toBe("Active.");
  await shop.engine.act("chaud", { kind: "shelve", by: "x", until: epochMs(shop.t + HOUR), reason: "y" });
  expect(answer(shop)).toBe("Shelved.");
  await shop.bad(TEMP, "sensor_open");
  expect(answer(shop)).toBe("No value (sensor unplugged or wire broken): the alarm is frozen.");
  await shop.restart({ rules: [limitRule(TEMP, 75, { enabled: false })] });
  expect(answer(shop)).toBe("The rule is disabled.");
  expect(shop.engine.explain("rien")).toBeUndefined();
});

test("planned maintenance keeps a machine quiet, over a restart too, and ends when it was to end", async () => {
  const shop = await house();
  await shop.pass(1);
  await shop.engine.maintain({
    machine: "tour-2",
    until: epochMs(shop.t + 10 * MINUTE),
    by: "Claire",
    reason: "vidange",
  });
  await shop.value(TEMP, 82);
  expect(shop.state("chaud")).toBe("suppressed");
  await shop.restart();
  await shop.pass(60);
  expect(shop.engine.maintenance()).toMatchObject([{ machine: "tour-2", by: "Claire", reason: "vidange" }]);
  expect(shop.engine.explain("chaud")?.answer.en).toBe(
    "The condition holds, but the alarm is suppressed: maintenance is under way.",
  );
  expect(shop.told).toEqual([]);
  await shop.pass(10 * 60);
  expect(shop.engine.maintenance()).toEqual([]);
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["chaud"]);
});

test("one hand acknowledges every alarm of a machine that it fits, and none of another", async () => {
  const points = [point("tour-2/temp"), point("tour-2/oil"), point("scie-1/temp")];
  const rules = points.map((p) => limitRule(p.id, 75, { id: p.id.replace("/", "-") }));
  const shop = await Shop.open({ points, rules, plugins: new Map([["limit", limit]]) });
  for (const { id } of points) await shop.value(id, 82);
  await shop.engine.act("tour-2-oil", { kind: "ack", by: "Bruno" });
  const moved = await shop.engine.actAll("tour-2", { kind: "ack", by: "Claire" });
  expect(moved.map((a) => [a.id, a.ackedBy])).toEqual([["tour-2-temp", "Claire"]]);
  expect(shop.state("scie-1-temp")).toBe("unacked");
});

test("one hand shelves a machine with a reason, takes it out of service with a reference, and puts it back", async () => {
  const points = [point("tour-2/temp"), point("tour-2/oil")];
  const rules = points.map((p) => limitRule(p.id, 75, { id: p.id.replace("/", "-") }));
  const shop = await Shop.open({ points, rules, plugins: new Map([["limit", limit]]) });
  for (const { id } of points) await shop.value(id, 82);
  const states = () => ["tour-2-temp", "tour-2-oil"].map((id) => shop.state(id));
  const by = "Claire";
  await shop.engine.actAll("tour-2", { kind: "shelve", by, until: epochMs(shop.t + HOUR), reason: "réglage" });
  expect(states()).toEqual(["shelved", "shelved"]);
  await shop.engine.actAll("tour-2", { kind: "unshelve", by });
  expect(states()).toEqual(["acked", "acked"]);
  const out = await shop.engine.actAll("tour-2", {
    kind: "out-of-service",
    by,
    reason: "révision",
    reference: "BT-42",
  });
  expect(out).toHaveLength(2);
  expect(states()).toEqual(["out-of-service", "out-of-service"]);
  expect(shop.memory.notices.at(-1)?.item).toMatchObject({ by, reason: "oos: révision (BT-42)" });
  await shop.engine.actAll("tour-2", { kind: "return-to-service", by });
  expect(states()).toEqual(["unacked", "unacked"]);
});

test("the test button sends the whole chain a TEST and moves nothing, for a rule that never spoke too", async () => {
  const shop = await house();
  await shop.pass(1);
  await shop.engine.act("chaud", { kind: "test", by: "Claire" });
  expect(shop.told).toMatchObject([
    { test: true, by: "Claire", alarm: { id: "chaud", text: { fr: "essai, rien à faire" } } },
  ]);
  expect(shop.engine.list()).toEqual([]);
});

const from = epochMs(Date.UTC(2026, 2, 2));
const raised = (id: string, at: number, over: Partial<AlarmEvent> = {}): AlarmEvent =>
  event({ t: epochMs(from + at), alarm: alarm({ id, rule: id, priority: "low" }), ...over });
const figures = (events: readonly AlarmEvent[], over: Partial<QualityInput> = {}) =>
  qualityOf({
    ...{ from, to: epochMs(from + DAY), events, deliveries: [], alarms: [], precisions: [] },
    ...{ fleeting: 0, noise: new Map(), wakes: () => false, changeable: new Set(["bagot", "bref", "froid"]) },
    ...over,
  });

test("rate, peak, flood and the share of the worst rules", () => {
  const flood = Array.from({ length: 20 }, (_, i) => raised("avalanche", i * 10 * SECOND));
  const calm = [raised("rare", 12 * HOUR), raised("calme", 13 * HOUR)];
  const quality = figures([...flood, ...calm]);
  expect(quality).toMatchObject({ annunciated: 22, perDay: 22, peak: 20, priorities: { low: 22, high: 0 } });
  expect(quality.floods).toEqual([{ from, to: from + 190 * SECOND, alarms: 20 }]);
  expect(quality.top[0]).toMatchObject({ rule: "avalanche", count: 20, share: 20 / 22 });
});

test("an alarm three times within a minute chatters, and gets a dead band beyond its noise", () => {
  const events = [0, 20, 40, 200].map((s) => raised("bagot", s * SECOND));
  const quality = figures(events, { noise: new Map([["bagot", 0.4]]) });
  expect(quality.chattering).toEqual([{ alarm: "bagot", times: 1 }]);
  expect(quality.proposals).toMatchObject([{ rule: "bagot", option: "deadband", to: 1.2 }]);
});

test("what lasts half a minute gets a delay, what comes while the machine is off is tied to its state", () => {
  const blips = [0, 1, 2].flatMap((h) => [
    raised("bref", h * HOUR, { alarm: alarm({ id: "bref", rule: "bref", occurrence: h + 1 }) }),
    raised("bref", h * HOUR + 30 * SECOND, {
      annunciated: false,
      alarm: alarm({ id: "bref", rule: "bref", occurrence: h + 1, active: false }),
    }),
  ]);
  const off = [4, 5, 6].map((h) => raised("froid", h * HOUR, { doing: "off" }));
  expect(figures([...blips, ...off]).proposals).toMatchObject([
    { rule: "bref", option: "delay.on", to: "36s" },
    { rule: "froid", option: "suppress.off", to: true },
  ]);
});

test("a test is no alarm, an alarm of yesterday is stale, and a night message wakes somebody", () => {
  const message = {
    id: "m",
    person: "claire",
    address: "",
    language: "fr",
    priority: "high",
    title: "",
    body: "",
    short: "",
  } as const;
  const delivery = {
    id: "m",
    person: "claire",
    channel: "sms",
    kind: "alarm",
    alarms: [],
    message,
    tries: 1,
    created: from,
    changed: from,
  } as const;
  const quality = figures([raised("x", 0, { test: true })], {
    alarms: [alarm({ since: epochMs(from - HOUR) })],
    deliveries: [
      { ...delivery, state: "sent" },
      { ...delivery, state: "dropped" },
    ],
    wakes: () => true,
  });
  expect(quality.annunciated).toBe(0);
  expect(quality.stale).toHaveLength(1);
  expect(quality.people).toEqual([{ person: "claire", perDay: 1, wakeUps: 1 }]);
});

test("noise is measured beside a slope and past jumps", () => {
  const random = (i: number) => Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453);
  const normal = (i: number) =>
    Array.from({ length: 12 }, (_, k) => random(12 * i + k + 1)).reduce((a, b) => a + b, -6);
  const entries = Array.from({ length: 2_000 }, (_, i) => ({
    seq: i + 1,
    boot: 1,
    steady: steadyMs(i),
    tq: "synced" as const,
    item: good(TEMP, epochMs(i), 0.01 * i + 0.5 * normal(i) + (i % 500 === 0 ? 40 : 0)) as Reading,
  }));
  expect(noiseOf(entries, new Set([TEMP])).get(TEMP)).toBeCloseTo(0.5, 1);
});

test("a disk that takes nothing, and a destination that refuses, are alarms of the gateway", async () => {
  const shop = await Shop.open();
  await shop.pass(50, () => [good("gateway/log_degraded", shop.t, 1), good("gateway/cpu_percent", shop.t, 99)]);
  expect(shop.told).toEqual([]);
  await shop.pass(30, () => [
    good("gateway/log_degraded", shop.t, 1),
    good("gateway/sink_needs_care_influx", shop.t, 0),
  ]);
  expect(shop.told.map(({ alarm: { rule, priority } }) => [rule, priority])).toEqual([["disk-broken", "high"]]);
});

test("a store that fills up says so two weeks ahead, and not for a busy hour", async () => {
  const shop = await Shop.open({ plugins: new Map() });
  const days = (left: number) => [good("gateway/store_days_left", shop.t, left)];
  await shop.pass(5 * 3_600, () => days(9));
  await shop.pass(1, () => days(400));
  await shop.pass(5 * 3_600, () => days(9));
  expect(shop.engine.list()).toEqual([]);
  await shop.pass(3_700, () => days(9));
  expect(shop.engine.list().map(({ rule, priority, state }) => [rule, priority, state])).toEqual([
    ["store-filling", "low", "unacked"],
  ]);
});

test("an SMS modem without a network for ten minutes is an alarm of the gateway", async () => {
  const shop = await Shop.open();
  const modem = (value: number) => [good("gateway/sms_network_sms", shop.t, value)];
  await shop.pass(9 * 60, () => modem(0));
  await shop.pass(1, () => modem(1));
  await shop.pass(9 * 60, () => modem(0));
  expect(shop.told).toEqual([]);
  await shop.pass(2 * 60, () => modem(0));
  expect(shop.told.map(({ alarm: { id, machine: of } }) => [id, of])).toEqual([
    ["sms-network-sms_network_sms", "gateway"],
  ]);
});
