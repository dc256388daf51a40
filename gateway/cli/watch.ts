import { parseArgs } from "node:util";
import { say, speakAs, terminalLanguage } from "../cli.ts";
import { clock } from "../clock.ts";
import { examine } from "../config/examine.ts";
import { languageOf } from "../config/language.ts";
import { loadConfig } from "../config/load.ts";
import { faults } from "../core/fault.ts";
import { Meters } from "../core/meter.ts";
import type { Point, PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import type { Ms } from "../core/time.ts";
import { unitShown } from "../core/unit.ts";
import { loadPlugins } from "../plugin.ts";
import { openSay } from "../say.ts";
import { envFor } from "./lib/page.ts";

export const summary = {
  fr: "montre en direct les points d'un fichier de site, sans rien enregistrer",
  en: "shows the points of a site file live, and stores nothing",
};

export const usage = {
  fr: `Usage : vigie watch FICHIER [--seconds N]

Ctrl-C pour finir. Arrêtez d'abord la passerelle : un port n'a qu'un maître.

      --seconds N  un seul tableau, au bout de N secondes`,
  en: `Usage: vigie watch FILE [--seconds N]

Ctrl-C ends it. Stop the gateway first: a port has one master.

      --seconds N  one table only, after N seconds`,
};

const REDRAW: Ms = 500;

/** What a point has been doing since the start. */
interface Row {
  readonly point: Point;
  newest: Reading | undefined;
  heardAt: Ms;
  readings: number;
  errors: number;
}

/** Runs the drivers of the file and nothing else; `--seconds` prints the table once at the end, for scripts. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { seconds: { type: "string" } } });
  const [file] = positionals;
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (file === undefined || positionals.length > 1 || (seconds !== undefined && !(seconds > 0))) {
    console.error(say(usage));
    return 2;
  }
  speakAs(languageOf(file));
  await watch(file, seconds);
  return 0;
}

async function watch(file: string, seconds: number | undefined): Promise<void> {
  const { drivers, points } = await open(file);
  const begun = clock.monotonic();
  const rows = new Map(
    points.map((point): [PointId, Row] => [
      point.id,
      { point, newest: undefined, heardAt: begun, readings: 0, errors: 0 },
    ]),
  );
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort());
  const running = [...drivers.values()].map(async ({ driver }) => {
    for await (const { readings } of driver.run(ending.signal)) for (const reading of readings) take(rows, reading);
  });
  const until = seconds === undefined ? Number.POSITIVE_INFINITY : begun + 1_000 * seconds;
  while (!ending.signal.aborted && clock.monotonic() < until) {
    await clock.sleep(Math.min(REDRAW, until - clock.monotonic()), ending.signal).catch(() => undefined);
    if (seconds === undefined) process.stdout.write(`\x1b[H\x1b[J${table(rows, begun)}\n`);
  }
  if (seconds !== undefined) console.log(table(rows, begun));
  ending.abort();
  await Promise.all(running);
}

async function open(file: string) {
  const plugins = await loadPlugins();
  const loaded = loadConfig(file, plugins, envFor(file));
  const { site, machines, profile } = loaded.config;
  const meters = new Meters();
  // What drivers learn here (holes in register maps) is for the gateway to learn again: this command writes nothing.
  const forgetful = { load: async () => new Map<string, unknown>(), commit: async () => undefined };
  const log = openSay(site.timezone);
  return examine(loaded, plugins, (id) => ({
    ...{ id, site, clock, meters, machines, profile, cells: forgetful, say: log },
  }));
}

function take(rows: ReadonlyMap<PointId, Row>, reading: Reading): void {
  const row = rows.get(reading.point);
  if (!row) return;
  row.newest = reading;
  row.heardAt = clock.monotonic();
  row.readings++;
  if (reading.quality === "bad") row.errors++;
}

function table(rows: ReadonlyMap<PointId, Row>, begun: Ms): string {
  const now = clock.monotonic();
  const head = [
    say({ fr: "point", en: "point" }),
    say({ fr: "valeur", en: "value" }),
    say({ fr: "âge", en: "age" }),
    say({ fr: "par s", en: "per s" }),
    say({ fr: "erreurs", en: "errors" }),
  ];
  const lines = [...rows.values()].map((row) => [
    row.point.id,
    shown(row),
    row.newest ? `${((now - row.heardAt) / 1_000).toFixed(1)} s` : "–",
    ((1_000 * row.readings) / Math.max(1, now - begun)).toFixed(1),
    String(row.errors),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function shown({ newest, point }: Row): string {
  if (!newest) return "–";
  if (newest.quality === "bad") return faults[newest.why][terminalLanguage()];
  const words = point.signal.labels?.[newest.value];
  if (words) return words[terminalLanguage()];
  const value = `${Number(newest.value.toPrecision(6))} ${unitShown(point.signal.unit)}`.trimEnd();
  return newest.quality === "good" ? value : `${value} (${faults[newest.why][terminalLanguage()]})`;
}
