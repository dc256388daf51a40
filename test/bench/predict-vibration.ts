import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Found, play } from "../../gateway/backtest/play.ts";
import { openTable, type Table } from "../../gateway/backtest/table.ts";
import type { Forecast } from "../../gateway/core/detector.ts";
import { loadPlugins } from "../../gateway/plugin.ts";
import { cwru } from "./predict-vibration/cwru.ts";
import { ewma } from "./predict-vibration/dumb.ts";
import { rawFemto } from "./predict-vibration/femto.ts";
import { type Coverage, covered, percent, print } from "./predict-vibration/figures.ts";
import { filters } from "./predict-vibration/filters.ts";
import { months } from "./predict-vibration/months.ts";
import { otherFeatures, otherRecords, varied } from "./predict-vibration/varied.ts";

/**
 * `npm run bench -- predict-vibration --data DIR`: bearings and filters of published run-to-failure and seeded-fault
 * data (folders ims, femto, cwru, filter, as described in docs/prediction-vibration.md), with one configuration, beside
 * what a dumb rule gets.
 */
const { values } = parseArgs({ options: { data: { type: "string" }, only: { type: "string" } } });
if (values.data === undefined) throw new Error("say where the data is: --data DIR");
const data = values.data;
const plugins = (await loadPlugins()).detectors;

const parts: Record<string, () => Promise<void>> = {
  ims: () => ims(join(data, "ims")),
  femto: async () => {
    await femto(join(data, "femto"));
    await rawFemto(join(data, "femto"));
  },
  cwru: () => cwru(join(data, "cwru")),
  filter: () => filters(join(data, "filter"), plugins),
  months: async () => months(plugins),
};
for (const [name, run] of Object.entries(parts)) if (!values.only || values.only === name) await run();

interface Played {
  times: number[];
  columns: readonly string[];
  values: (number | null)[][];
  found: Found[];
}

async function played(table: Table): Promise<Played> {
  const out: Played = { times: [], columns: table.columns, values: [], found: [] };
  for await (const { row, found } of play(table, plugins)) {
    out.times.push(row.t);
    out.values.push([...row.values]);
    out.found.push(...found);
  }
  return out;
}

function alertsOf({ found }: Played): Found[] {
  return found.filter(({ rule, level }) => rule === "case" && level === "alert");
}

/** Whole days of wear, four bearings on one shaft: the failing one must be alerted and named, the others not. */
async function ims(folder: string): Promise<void> {
  print("IMS: mean absolute acceleration of four bearings, one reading in ten minutes, to failure");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".csv"))) {
    const table = await openTable(join(folder, file), {});
    const run = await played(table);
    const end = run.times.at(-1) ?? 0;
    const hours = (t: number) => `${((end - t) / 3_600_000).toFixed(1)} h`;
    const told = (one: Played) => {
      const named = new Map<string, number>();
      for (const { point = "?", t } of alertsOf(one)) if (!named.has(point)) named.set(point, t);
      return [...named].map(([point, t]) => `${point} ${hours(t)} before the end`).join(", ") || "none";
    };
    print(`  ${file}: alerted ${told(run)}`);
    for (const variation of otherRecords) {
      print(`    ${variation.name}: ${told(await played(varied(table, variation)))}`);
    }
    run.columns.forEach((column, i) => {
      const first = ewma(
        run.values.map((row) => row[i] ?? 0),
        1.5,
        0.1,
      );
      const at = first === undefined ? "never" : `${hours(run.times[first] ?? end)} before the end`;
      print(`    dumb rule (smoothed level above 1.5 × the first 100): ${column} ${at}`);
    });
  }
}

/** Accelerated life tests: alerted or not, when, and whether the interval holds the end in the last half of life. */
async function femto(folder: string): Promise<void> {
  print("FEMTO: features of a burst every 10 s, to the end of life");
  const files = (await readdir(folder)).filter((name) => name.endsWith("_features.csv")).sort();
  const tables = await Promise.all(
    files.map(async (file) => ({
      name: file.replace("_features.csv", ""),
      table: await openTable(join(folder, file), { every: 10_000, ignore: ["t"] }),
    })),
  );
  for (const { name, table } of tables) {
    const run = await played(table);
    const { first, share, own } = lifeOf(run);
    const rms = run.values.map((row) => row[run.columns.indexOf("h_rms")] ?? 0);
    const dumb = ewma(rms, 1.5, 0.1);
    print(
      `  ${name}: alert at ${share === undefined ? "never" : percent(share)} of life` +
        ` (${first?.point ?? "-"}); dumb rule ${dumb === undefined ? "never" : percent(dumb / rms.length)};` +
        ` end within the interval ${percent(own.held / own.told)} of the time, told ${percent(own.told / own.all)}`,
    );
  }
  for (const variation of [{ name: "as it is" }, ...otherFeatures]) {
    const lives: ReturnType<typeof lifeOf>[] = [];
    for (const { table } of tables) lives.push(lifeOf(await played(varied(table, variation))));
    const shares = lives.flatMap(({ share }) => (share === undefined ? [] : [share]));
    const early = shares.filter((share) => share < 0.25).length;
    const sum = (key: keyof Coverage) => lives.reduce((total, { own }) => total + own[key], 0);
    print(
      `  ${variation.name}: alerted ${shares.length} of ${lives.length}, before a quarter of life ${early};` +
        ` 80 % interval in the last half holds the end ${percent(sum("held") / sum("told"))}, told ${percent(sum("told") / sum("all"))}`,
    );
  }
}

function lifeOf(run: Played) {
  const [start, end] = [run.times[0] ?? 0, run.times.at(-1) ?? 0];
  const first = alertsOf(run)[0];
  const forecasts = run.found
    .filter(({ rule }) => rule === "case")
    .map(({ t, finding }): [number, Forecast | null | undefined] => [t, finding.forecast]);
  return { first, share: first && (first.t - start) / (end - start), own: covered(forecasts, run.times, end) };
}
