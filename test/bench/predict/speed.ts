import { rulesOf } from "../../../gateway/alarms/rule.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import type { Reading } from "../../../gateway/core/reading.ts";
import { steadyMs } from "../../../gateway/core/time.ts";
import type { Plugins } from "../../../gateway/plugin.ts";
import { lifeOf, machineOf, pointsOf } from "./shop.ts";

/**
 * How many readings the default rules of a machine take per second of processor time, and how long the slowest take by the
 * clock. Processor time, because whatever else runs on the machine is not their doing.
 */
export function speed(plugins: Plugins): void {
  const machine = machineOf(1);
  const site = { id: "speed", name: "Speed", timezone: "Europe/Paris", language: "en" } as const;
  const rules = rulesOf({
    site,
    machines: new Map([[machine.id, machine]]),
    points: pointsOf(machine),
    plugins: plugins.detectors,
    rules: [],
  });
  const running = rules.map(({ id, detector }) => ({
    id,
    detector,
    state: structuredClone(detector.initial),
    worst: new Float64Array(0),
  }));
  const entries: Entry<Reading>[] = [...lifeOf({ seed: 1, days: 20 })];
  const around = { state: "running", since: steadyMs(0) } as const;
  const byPoint = new Map(
    pointsOf(machine).map((p) => [p.id, running.filter(({ detector }) => detector.inputs.includes(p.id))]),
  );
  const before = process.cpuUsage();
  for (const entry of entries) {
    for (const rule of byPoint.get(entry.item.point) ?? running)
      rule.state = rule.detector.step(rule.state, entry, around).state;
  }
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6;
  const taken = entries.slice(-50_000).map((entry) => {
    const from = performance.now();
    for (const rule of byPoint.get(entry.item.point) ?? running)
      rule.state = rule.detector.step(rule.state, entry, around).state;
    return performance.now() - from;
  });
  taken.sort((a, b) => a - b);
  const largest = Math.max(
    ...running.map(({ state, detector }) => JSON.stringify(state).length / Math.max(1, detector.inputs.length)),
  );
  console.log(
    `Speed: ${Math.round(entries.length / seconds)} readings/s through ${rules.length} default rules; ` +
      `99th percentile ${(1_000 * (taken[Math.floor(0.99 * taken.length)] ?? 0)).toFixed(1)} µs for all rules of a reading; ` +
      `largest state ${(largest / 1_024).toFixed(1)} kB per stream`,
  );
}
