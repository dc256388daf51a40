import { expect, test } from "vitest";
import type { FaultCode } from "../../../gateway/core/fault.ts";
import { pointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { DAY, HOUR, SECOND } from "../../../gateway/core/time.ts";
import { limitRule, point, Shop } from "./shop.ts";

/** A small generator with a seed, so that a failure comes back. */
function dice(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const causes: readonly FaultCode[] = ["timeout", "crc", "garbled", "port", "connection", "sensor_open", "down", "busy"];

test("a hundred thousand communication faults, clock steps and restarts are no alarm of any machine", async () => {
  const roll = dice(7);
  const ids = Array.from({ length: 20 }, (_, i) => pointId(`m${i % 5}`, `s${i}`));
  const points = ids.map((id, i) => point(id, { driver: `ligne-${i % 2}`, device: `d${i % 4}` }));
  const rules = ids.map((id, i) => limitRule(id, 75, { id: `r${i}`, delay: { on: "2s" } }));
  const shop = await Shop.open({ points, rules });
  let faults = 0;
  const failing = new Map<string, number>();
  for (let second = 0; faults < 100_000; second++) {
    if (roll() < 0.002) shop.step += (roll() - 0.5) * (roll() < 0.3 ? 20 * 365 * DAY : HOUR);
    if (roll() < 0.001) await shop.restart();
    if (roll() < 0.01) {
      // A sensor, a device or a whole line goes silent for a while.
      const scope = ["s", "d", "l"][Math.floor(roll() * 3)];
      const victim = Math.floor(roll() * 20);
      const until = second + Math.floor(roll() * (roll() < 0.1 ? 400 : 30));
      for (const [i, id] of ids.entries())
        if (i === victim || (scope === "d" && i % 4 === victim % 4) || (scope === "l" && i % 2 === victim % 2))
          failing.set(id, until);
    }
    const readings = ids.map((id): Reading => {
      const broken = (failing.get(id) ?? -1) > second || roll() < 0.05;
      if (!broken) return good(id, shop.t, 60 + 10 * roll());
      faults++;
      return bad(id, shop.t, causes[Math.floor(roll() * causes.length)] ?? "timeout");
    });
    await shop.pass(1, () => readings);
    // What is behind the checkpoint is not needed again; this keeps the test's own memory small.
    if (second % 1_000 === 0) await shop.engine.close();
  }
  const machineAlarms = shop.memory.notices.filter(({ item }) => item.annunciated && item.alarm.rule.startsWith("r"));
  expect(faults).toBeGreaterThanOrEqual(100_000);
  expect(machineAlarms).toEqual([]);
  expect(shop.told.every((e) => /^(line|device)-/.test(e.alarm.id))).toBe(true);
}, 180_000);

test("the same faults do not hide a real alarm", async () => {
  const roll = dice(11);
  const shop = await Shop.open({ rules: [limitRule("tour-2/temp", 75, { delay: { on: "2s" } })] });
  await shop.pass(120, () => [roll() < 0.3 ? bad("tour-2/temp", shop.t, "timeout") : good("tour-2/temp", shop.t, 60)]);
  await shop.pass(60, () => [roll() < 0.3 ? bad("tour-2/temp", shop.t, "timeout") : good("tour-2/temp", shop.t, 90)]);
  expect(shop.told.map((e) => e.alarm.id)).toEqual(["chaud"]);
});

test.each([
  ["a restart", false],
  ["a power cut", true],
])("%s at any moment leaves the same story as none", async (_, cut) => {
  const story = async (restartAt: number) => {
    const roll = dice(3);
    const shop = await Shop.open({
      rules: [limitRule("tour-2/temp", 75, { delay: { on: "3s", off: "5s" }, ackRequired: false })],
    });
    for (let second = 0; second < 200; second++) {
      if (second === restartAt && cut) shop.memory.leap();
      if (second === restartAt) await shop.restart();
      const value = 60 + (second % 50 > 25 ? 25 : 0) + 2 * roll();
      await shop.pass(1, () => [good("tour-2/temp", shop.t, value)]);
    }
    return shop.memory.notices.map(
      ({ item }) => `${(item.t - shop.t) / SECOND} ${item.alarm.id} ${item.from} ${item.to} ${item.alarm.occurrence}`,
    );
  };
  const calm = await story(-1);
  expect(calm.length).toBeGreaterThan(6);
  for (let at = 1; at < 200; at += 7) expect(await story(at), `restart after ${at} s`).toEqual(calm);
});
