import { type RuleEntry, ruleHead, rulesOf } from "../../gateway/alarms/rule.ts";
import { alarmSettings } from "../../gateway/alarms/settings.ts";
import { createWatch } from "../../gateway/alarms/watch.ts";
import type { AlarmEvent } from "../../gateway/core/alarm.ts";
import { HEARTBEAT } from "../../gateway/core/detector.ts";
import { type Point, pointId } from "../../gateway/core/point.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../gateway/core/time.ts";
import limit from "../../gateway/detectors/limit.ts";
import stale from "../../gateway/detectors/stale.ts";

/** What a reading and a heartbeat cost in the engine, with no rule, one, and two per point: `npm run bench -- alarms`. */
const MACHINES = 10;
const POINTS = 100;
const READINGS = 3_000_000;
const BEATS = 3_000;

const ids = Array.from({ length: MACHINES }, (_, i) => `m${i}`);
const machines = new Map(ids.map((id) => [id, { id, name: { fr: id, en: id } }]));
const points = Array.from({ length: POINTS }, (_, i): Point => {
  const machine = `m${i % MACHINES}`;
  const signal = { name: `s${i}`, unit: "Cel", kind: "gauge", every: 1_000 } as const;
  return { id: pointId(machine, `s${i}`), machine, driver: "ligne-1", device: `d${i % MACHINES}`, signal };
});
const limits = points.map(
  (point, i): RuleEntry => ({
    head: ruleHead.parse({ id: `r${i}`, type: "limit", point: point.id }),
    options: limit.options.parse({ high: 75 }),
  }),
);
const site = { id: "banc", name: "Banc", timezone: "Europe/Paris", language: "fr" } as const;
const readings = points.flatMap((point) => [1, 2, 3, 4].map((k) => good(point.id, epochMs(0), 40 + k)));

for (const perPoint of [0, 1, 2]) {
  const plugins = new Map([["limit", limit], ...(perPoint === 2 ? [["stale", stale] as const] : [])]);
  const rules = rulesOf({ site, machines, points, plugins, rules: perPoint === 0 ? [] : limits });
  const watch = createWatch({ rules, points, settings: alarmSettings.parse({}) });
  const out: AlarmEvent[] = [];
  let seq = 0;
  const step = (item: Reading, steady: number) =>
    watch.step({ seq: ++seq, boot: 1, steady: steadyMs(steady), tq: "synced", item }, out);
  const perReading = timed(READINGS, (i) => step(readings[i % readings.length] ?? good(HEARTBEAT, epochMs(0), 1), i));
  const perBeat = timed(BEATS, (i) => step(good(HEARTBEAT, epochMs(0), 1), READINGS + i));
  console.log(
    `${perPoint} rules per point: ${perReading.toFixed(0)} ns per reading, ${(perBeat / 1_000).toFixed(1)} µs per heartbeat over ${rules.length} rules`,
  );
}

/** Nanoseconds of CPU for one round: what else runs on the machine does not count. */
function timed(rounds: number, work: (i: number) => void): number {
  const began = process.cpuUsage();
  for (let i = 0; i < rounds; i++) work(i);
  const { user, system } = process.cpuUsage(began);
  return ((user + system) * 1_000) / rounds;
}
