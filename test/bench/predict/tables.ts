import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { play, type Scored } from "../../../gateway/backtest/play.ts";
import type { Row, Table } from "../../../gateway/backtest/table.ts";
import { MINUTE, type Ms, SECOND } from "../../../gateway/core/time.ts";
import type { DetectorPlugin } from "../../../gateway/plugin.ts";
import { uniform } from "../../noise.ts";
import { disturbances, inFront, paced, type Run } from "./disturb.ts";
import { auroc, averagePrecision, count, f1, falseAlarms, missed, none, percent } from "./figures.ts";
import { bestThreshold, judge, type Labelled, leaveOneOut, type Scored as NabScored, profiles } from "./nab-score.ts";

/** The published tables, each through the back-test exactly as the command plays it, beside what dumb rules get. */
type Rules = ReadonlyMap<string, DetectorPlugin>;

const say = (line: string) => console.log(line);

export async function nab(folder: string, rules: Rules): Promise<void> {
  const labels = JSON.parse(await readFile(join(folder, "labels", "combined_windows.json"), "utf8")) as Record<
    string,
    [string, string][]
  >;
  const scored: NabScored[] = [];
  let caught = 0;
  for (const [path, windows] of Object.entries(labels)) {
    const [category = "", name = ""] = path.split("/");
    const cells = await read(join(folder, "data", path), ",");
    const times = cells.map(([time = ""]) => utc(time));
    const rowOf = (time: string) => times.indexOf(utc(time));
    const file: Labelled = { category, name, times, windows: windows.map(([a, b]) => [rowOf(a), rowOf(b)] as const) };
    const values = cells.map(([, value]) => [Number(value)]);
    const played = await all(tableOf(["value"], 5 * MINUTE, values, times), rules);
    caught += played.filter((s) => s.prediction === 1).length;
    scored.push({ file, scores: played.map(({ score }) => score) });
  }
  const draw = uniform(1);
  const random = scored.map(({ file, scores }) => ({ file, scores: scores.map(draw) }));
  for (const profile of profiles) {
    const best = judge(scored, profile, bestThreshold(scored, profile));
    const honest = leaveOneOut(scored, profile);
    const dumb = leaveOneOut(random, profile);
    const rate = honest.falseEvents / honest.months;
    say(
      `NAB ${profile.name}: ${honest.score.toFixed(1)} with the threshold of the other categories (in-sample ${best.score.toFixed(1)}), ` +
        `${honest.hit} of ${honest.windows} windows, ${rate.toFixed(2)} false events per stream-month; null 0.0, random ${dumb.score.toFixed(1)}`,
    );
  }
  say(`NAB: ${scored.length} files, ${caught} rows predicted by the built-in threshold`);
}

export async function skab(folder: string, rules: Rules): Promise<void> {
  const healthy = (await read(join(folder, "anomaly-free.csv"), ";")).map((cells) => cells.slice(1, 9).map(Number));
  const files: Run[] = [];
  for (const group of ["valve1", "valve2", "other"]) {
    for (const name of await names(join(folder, group))) {
      const cells = await read(join(folder, group, name), ";");
      files.push({
        rows: cells.map((c) => c.slice(1, 9).map(Number)),
        truth: cells.map((c) => Number(c[9]) === 1),
        judged: cells.map((_, i) => i >= 400),
      });
    }
  }
  const score = async (label: string, change: (run: Run, draw: () => number) => Run, seeds: readonly number[]) => {
    const points = none();
    for (const seed of seeds) {
      const draw = uniform(seed);
      for (const file of files) {
        const run = change(file, draw);
        const played = await all(tableOf(eight, SECOND, run.rows), rules);
        for (const [i, judged] of run.judged.entries())
          if (judged) count(points, played[i]?.prediction === 1, run.truth[i] === true);
      }
    }
    say(
      `SKAB ${label}: F1 ${f1(points).toFixed(3)}, false alarms ${percent(falseAlarms(points))}, missed ${percent(missed(points))}`,
    );
  };
  await score(`over ${files.length} files`, (run) => run, [7]);
  await score(
    "with 0–300 s of the file's own healthy data in front",
    (run, draw) => inFront(run.rows.slice(0, Math.floor(300 * draw())).reverse(), run),
    [7],
  );
  await score(
    "with 0–300 s of another day in front",
    (run, draw) => {
      const [length, at] = [Math.floor(300 * draw()), Math.floor(5_000 * draw())];
      return inFront(healthy.slice(at, at + length), run);
    },
    [7],
  );
  for (const [label, change] of Object.entries(disturbances)) await score(`disturbed, ${label}`, change, [1, 2, 3]);
  for (const pace of [0.5, 0.8, 0.9, 1.1, 1.3])
    await score(`at ${pace} times the rate`, (run) => paced(run, pace), [7]);
  const [always, clock] = [none(), none()];
  for (const { truth, judged } of files) {
    for (const [i, y] of truth.entries()) {
      if (judged[i] !== true) continue;
      count(always, true, y);
      count(clock, i > 570 && i < 970, y);
    }
  }
  say(
    `SKAB dumb: always alarming F1 ${f1(always).toFixed(3)}; a clock that looks at no sensor F1 ${f1(clock).toFixed(3)}`,
  );
}

export async function tep(folder: string, rules: Rules): Promise<void> {
  const load = async (name: string) => {
    const rows = (await readFile(join(folder, name), "utf8"))
      .trim()
      .split(/\r?\n/)
      .map((l) => l.trim().split(/\s+/).map(Number));
    // The training file of the normal state is stored on its side.
    return rows.length === 52 ? (rows[0] ?? []).map((_, i) => rows.map((r) => r[i] ?? 0)) : rows;
  };
  const training = await load("d00.dat");
  const columns = Array.from({ length: 52 }, (_, i) => `x${i + 1}`);
  for (const [label, before] of [
    ["after 500 normal rows", training],
    ["on 160 normal rows alone", []],
  ] as const) {
    let [found, faults, healthy, wrong] = [0, 0, 0, 0];
    const each: string[] = [];
    for (const name of (await names(folder)).filter((n) => n.endsWith("_te.dat"))) {
      const fault = Number(name.slice(1, 3));
      const rows = await load(name);
      const played = await all(tableOf(columns, 3 * MINUTE, [...before, ...rows]), rules);
      const flags = played.slice(before.length).map((s) => s.prediction === 1);
      const calm = fault === 0 ? flags : flags.slice(0, 160);
      healthy += calm.length;
      wrong += calm.filter(Boolean).length;
      if (fault === 0) continue;
      const share = flags.slice(160).filter(Boolean).length / (flags.length - 160);
      each.push(`${fault}: ${share.toFixed(2)}`);
      if (fault === 3 || fault === 9) continue;
      found += share;
      faults++;
    }
    say(
      `TEP ${label}: detection ${(found / faults).toFixed(3)} (without 3 and 9) at ${percent(wrong / healthy, 2)} false alarms; ${each.join(", ")}`,
    );
  }
  say("TEP dumb: never 0 at 0 %; always 1.000 at 100 %");
}

export async function hrss(folder: string, rules: Rules): Promise<void> {
  const load = async (name: string) => read(join(folder, name), ",");
  const [normal, strange] = [await load("HRSS_normal_standard.csv"), await load("HRSS_anomalous_standard.csv")];
  const truth = strange.map((cells) => Number(cells[1]) === 1);
  const columns = Array.from({ length: 18 }, (_, i) => `x${i + 1}`);
  for (const [label, before, clock] of [
    ["after 105 normal cycles", normal, true],
    ["alone", [], true],
    ["after 105 normal cycles, rows counted", normal, false],
    ["alone, rows counted", [], false],
  ] as const) {
    const cells = [...before, ...strange];
    const times = clock ? cells.map((c) => Number(c[0]) * SECOND) : undefined;
    const values = cells.map((c) => c.slice(2).map(Number));
    const rows = (await all(tableOf(columns, 60, values, times), rules)).slice(before.length);
    const points = none();
    for (const [i, y] of truth.entries()) count(points, rows[i]?.prediction === 1, y);
    const precision = points.truePositives / (points.truePositives + points.falsePositives);
    say(
      `HRSS ${label}: AUROC ${auroc(
        rows.map((s) => s.score),
        truth,
      ).toFixed(3)}; predicted rows right ${percent(precision)}`,
    );
  }
  say("HRSS dumb: random 0.500; each row for itself 0.55–0.65");
}

export async function metropt(folder: string, rules: Rules): Promise<void> {
  const cells = await read(join(folder, "train.csv"), ",");
  const truth = cells.map((c) => /true/i.test(c[75] ?? ""));
  const columns = Array.from({ length: 75 }, (_, i) => `x${i + 1}`);
  const played = await all(
    tableOf(
      columns,
      MINUTE,
      cells.map((c) => c.slice(0, 75).map(Number)),
    ),
    rules,
  );
  const scores = played.map(({ score }) => score);
  say(
    `MetroPT: average precision ${averagePrecision(scores, truth).toFixed(3)} in one pass without labels; ` +
      `dumb: random ${(truth.filter(Boolean).length / truth.length).toFixed(3)}`,
  );
}

async function all(table: Table, rules: Rules): Promise<Pick<Scored, "score" | "prediction">[]> {
  const scored: Pick<Scored, "score" | "prediction">[] = [];
  for await (const { score, prediction } of play(table, rules)) scored.push({ score, prediction });
  return scored;
}

function tableOf(
  columns: readonly string[],
  period: Ms,
  values: readonly number[][],
  times?: readonly number[],
): Table {
  return {
    columns,
    period,
    async *rows(): AsyncIterable<Row> {
      for (const [i, row] of values.entries()) {
        const t = times?.[i] ?? i * period;
        yield { stamp: String(t), t, values: row.map((v) => (Number.isFinite(v) ? v : null)) };
      }
    },
  };
}

const eight = Array.from({ length: 8 }, (_, i) => `x${i + 1}`);

const utc = (time: string): number => Date.parse(`${time.trim().replace(" ", "T")}Z`);

async function read(file: string, separator: string): Promise<string[][]> {
  const text = await readFile(file, "utf8");
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(separator));
}

const names = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();
