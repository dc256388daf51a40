import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Forecast } from "../../../gateway/core/detector.ts";
import type { Point } from "../../../gateway/core/point.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import type { DetectorPlugin } from "../../../gateway/plugin.ts";
import { type Coverage, covered, percent, print } from "./figures.ts";

/** Filters that clog to 600 Pa in two minutes, ten readings a second: is it alerted, and when will the limit be reached? */
export async function filters(folder: string, plugins: ReadonlyMap<string, DetectorPlugin>): Promise<void> {
  print("Filter clogging to 600 Pa: time to the limit, in the last half of each run");
  const trend = plugins.get("trend");
  const runs = await runsOf(folder);
  const coverage: Coverage = { held: 0, told: 0, all: 0 };
  const leads: number[] = [];
  for (const run of runs.values()) {
    const { forecasts, alert } = watched(run, trend);
    const times = run.map(({ t }) => t);
    const end = times.at(-1) ?? 0;
    const own = covered(forecasts, times, end);
    for (const key of ["held", "told", "all"] as const) coverage[key] += own[key];
    if (alert !== undefined) leads.push((end - alert) / (end - (times[0] ?? 0)));
  }
  leads.sort((a, b) => a - b);
  print(
    `  alerted ${leads.length} of ${runs.size}, half of them with more than ${percent(leads[leads.length >> 1] ?? 0)} of the run left`,
  );
  print(
    `  80 % interval holds the end ${percent(coverage.held / coverage.told)} of the time, told ${percent(coverage.told / coverage.all)}`,
  );
}

type Run = { t: number; value: number }[];

async function runsOf(folder: string): Promise<Map<string, Run>> {
  const runs = new Map<string, Run>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".csv"))) {
    const [, ...rows] = (await readFile(join(folder, file), "utf8")).trim().split("\n");
    for (const row of rows) {
      const [id = "", pressure, , time] = row.split(",");
      const run = runs.get(`${file} ${id}`) ?? [];
      run.push({ t: Math.round(1_000 * Number(time)), value: Number(pressure) });
      runs.set(`${file} ${id}`, run);
    }
  }
  return runs;
}

const point: Point = {
  id: "rig/filter_dp",
  machine: "rig",
  signal: { name: "filter_dp", unit: "Pa", kind: "gauge", every: 100 },
  driver: "file",
  device: "file",
};

function watched(run: Run, trend: DetectorPlugin | undefined) {
  const detector = trend?.create(trend.options.parse({ limit: 600 }), {
    id: "filter",
    site: { id: "bench", name: "Bench", timezone: "UTC", language: "en" },
    machine: { id: "rig", name: { fr: "Banc", en: "Rig" } },
    point,
    points: [point],
  });
  let state = detector?.initial;
  const forecasts: [number, Forecast | null | undefined][] = [];
  let alert: number | undefined;
  run.forEach(({ t, value }, seq) => {
    const entry = { seq, boot: 1, steady: steadyMs(t), tq: "synced" as const, item: good(point.id, epochMs(t), value) };
    const step = detector?.step(state, entry, { state: "running", since: steadyMs(0) });
    state = step?.state;
    if (!step?.finding) return;
    forecasts.push([t, step.finding.active ? step.finding.forecast : undefined]);
    if (step.finding.active && step.finding.level === "alert") alert ??= t;
  });
  return { forecasts, alert };
}
