import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { ruleHead } from "../../../gateway/alarms/rule.ts";
import { alarmSettings } from "../../../gateway/alarms/settings.ts";
import { rehearse } from "../../../gateway/backtest/history.ts";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Point } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { openStore } from "../../../gateway/log/store.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";
import { gathered } from "./gathered.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-rehearse-"));
const point: Point = {
  id: "press/oil",
  machine: "press",
  signal: { name: "oil", unit: "bar", kind: "gauge", every: SECOND },
  driver: "d",
  device: "x",
};
const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }), points: [point] });
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

test("a rule over the stored hours says when it would have called, with its delay, and nothing of hours that nobody saw", async () => {
  const start = Math.floor(Date.now() / 1_000) * 1_000 - 5 * HOUR;
  const readings: Reading[] = [];
  const put = (from: number, seconds: number, value: number | null) => {
    for (let i = 0; i < seconds; i++) {
      const t = epochMs(start + from + i * SECOND);
      readings.push(value === null ? bad(point.id, t, "timeout") : good(point.id, t, value));
    }
  };
  put(0, 600, 3);
  put(10 * MINUTE, 5, 0.5); // shorter than the delay
  put(10 * MINUTE + 5 * SECOND, 295, 3);
  put(15 * MINUTE, 300, 0.4);
  // Two hours in which the gateway was off, then a healthy end.
  put(140 * MINUTE, 300, 3);
  await store.readings.append(readings);

  const { detectors } = await loadPlugins();
  const limit = detectors.get("limit");
  if (!limit) throw new Error("no limit");
  const head = ruleHead.parse({ id: "oil-low", type: "limit", point: point.id, delay: { on: "10s" } });
  const events = await gathered(
    rehearse(
      {
        history: store.history,
        site: { id: "s", name: "S", timezone: "UTC", language: "en" },
        machines: new Map([["press", { id: "press", name: { fr: "Presse", en: "Press" } }]]),
        points: [point],
        plugins: new Map([["limit", limit]]),
        rules: [{ head, options: limit.options.parse({ low: 1 }) }],
        settings: alarmSettings.parse({}),
      },
      epochMs(start),
      epochMs(start + 3 * HOUR),
    ),
  );
  expect(
    events.map(({ t, alarm }) => [alarm.rule, alarm.level, Math.round((t - start) / MINUTE), alarm.text.en]),
  ).toEqual([["oil-low", "alert", 15, "oil 0.4 bar, below 1 bar"]]);
  const since = (events[0]?.t ?? 0) - start - 15 * MINUTE;
  expect(since).toBeGreaterThanOrEqual(10 * SECOND);
  expect(since).toBeLessThanOrEqual(21 * SECOND);
});
