import { parseArgs } from "node:util";
import { analyseBursts, burstTable } from "../backtest/burst.ts";
import { Lines } from "../backtest/lines.ts";
import { rehearseFolder } from "../backtest/past.ts";
import { type Found, play, type Scored } from "../backtest/play.ts";
import { openTable } from "../backtest/table.ts";
import { Misused, say, speakAs, terminalLanguage } from "../cli.ts";
import { languageOf } from "../config/language.ts";
import type { AlarmEvent } from "../core/alarm.ts";
import { epochMs, parseDuration } from "../core/time.ts";
import { loadPlugins } from "../plugin.ts";
import { envFor } from "./lib/page.ts";

export const summary = {
  fr: "ce que les règles auraient dit d'un tableau, de vibrations brutes ou de l'historique",
  en: "what the rules would have said of a table, of raw vibration or of the history",
};

export const usage = {
  fr: `Usage :
  vigie backtest --input FICHIER.csv [--time COLONNE | --every 3min] [--columns A,B] [--ignore A,B] [--scores SORTIE.csv] [--findings SORTIE.jsonl]
  vigie backtest --burst DOSSIER|FICHIER --rate HZ [--rpm N] [--bearing 6205] [--format f32|i16] [--scale G] [--samples N] [--axes N] [--findings SORTIE.jsonl]
  vigie backtest --config SITE.yaml --from 2025-03-01 --to 2025-04-01 [--data DOSSIER] [--findings SORTIE.jsonl]`,
  en: `Usage:
  vigie backtest --input FILE.csv [--time COLUMN | --every 3min] [--columns A,B] [--ignore A,B] [--scores OUT.csv] [--findings OUT.jsonl]
  vigie backtest --burst DIR|FILE --rate HZ [--rpm N] [--bearing 6205] [--format f32|i16] [--scale G] [--samples N] [--axes N] [--findings OUT.jsonl]
  vigie backtest --config SITE.yaml --from 2025-03-01 --to 2025-04-01 [--data DIR] [--findings OUT.jsonl]`,
};

const words = { type: "string" } as const;
const flags = {
  input: words,
  time: words,
  every: words,
  columns: words,
  ignore: { type: "string", multiple: true },
  scores: words,
  findings: words,
  burst: words,
  rate: words,
  rpm: words,
  bearing: words,
  format: words,
  scale: words,
  samples: words,
  axes: words,
  config: words,
  from: words,
  to: words,
  data: { type: "string", default: "./data" },
} as const;

type Given = ReturnType<typeof parseArgs<{ options: typeof flags }>>["values"];

export async function run(args: string[]): Promise<number> {
  const { values: given } = parseArgs({ args, options: flags });
  if (given.input !== undefined) await overTable(given.input, given);
  else if (given.burst !== undefined) await overBursts(given.burst, given);
  else if (given.config !== undefined) await overHistory(given.config, given);
  else throw new Misused({ fr: "il faut --input, --burst ou --config", en: "give --input, --burst or --config" });
  return 0;
}

async function overTable(
  input: string,
  { time, every: written, columns, ignore, scores, findings }: Given,
): Promise<void> {
  const every = written === undefined ? undefined : parseDuration(written);
  if (written !== undefined && every === undefined)
    throw new Misused({
      fr: `--every ${written} : écrivez par exemple 1s, 3min ou 1h`,
      en: `--every ${written}: say it like 1s, 3min or 1h`,
    });
  const table = await openTable(input, {
    time,
    every,
    columns: columns?.split(","),
    ignore: ignore?.flatMap((n) => n.split(",")),
  });
  if (table.labels && table.labels.length > 0) {
    const names = table.labels.join(", ");
    console.log(say({ fr: `Étiquettes laissées de côté : ${names}`, en: `Labels left out: ${names}` }));
  }
  const { detectors } = await loadPlugins();
  const single = table.columns.length === 1;
  const [rowsOut, foundOut] = [await linesTo(scores), await linesTo(findings)];
  await rowsOut?.put(`timestamp,${single ? "value," : ""}anomaly_score,prediction\n`);
  const counts = { rows: 0, anomalous: 0, alert: 0, watch: 0 };
  const start = performance.now();
  for await (const scored of play(table, detectors)) {
    counts.rows++;
    counts.anomalous += scored.prediction;
    await rowsOut?.put(scoreLine(scored, single));
    for (const one of scored.found) {
      if (!one.again) counts[one.level]++;
      await foundOut?.put(`${JSON.stringify(foundLine(one))}\n`);
    }
  }
  await Promise.all([rowsOut?.close(), foundOut?.close()]);
  const rate = Math.round((1_000 * counts.rows * table.columns.length) / (performance.now() - start));
  const size = `${counts.rows} × ${table.columns.length}`;
  console.log(
    say({
      fr: `${size} valeurs, ${counts.anomalous} lignes anormales, ${counts.alert} alertes, ${counts.watch} indices ; ${rate} valeurs/s`,
      en: `${size} values, ${counts.anomalous} anomalous rows, ${counts.alert} alerts, ${counts.watch} hints; ${rate} values/s`,
    }),
  );
}

const linesTo = async (path: string | undefined) => (path === undefined ? undefined : Lines.to(path));

function scoreLine({ row, score, prediction }: Scored, single: boolean): string {
  const stamp = row.stamp.includes(",") ? `"${row.stamp}"` : row.stamp;
  return `${stamp},${single ? `${row.values[0] ?? ""},` : ""}${Number(score.toFixed(6))},${prediction}\n`;
}

function foundLine({ t, machine, point, column, rule, level, finding, again }: Found) {
  const { part, onset, score, forecast, text } = finding;
  const about = { ...(machine !== undefined && { machine }), ...(point !== undefined && { point, column }) };
  const known = { ...(part !== undefined && { part }), ...(onset !== undefined && { onset }) };
  return { t, ...about, rule, level, ...known, score, ...(forecast && { forecast }), ...(again && { again }), text };
}

async function overBursts(source: string, given: Given): Promise<void> {
  const rate = numberIn(given, "rate");
  if (rate === undefined)
    throw new Misused({
      fr: "--burst demande --rate HZ, les échantillons par seconde",
      en: "--burst needs --rate HZ, the samples per second",
    });
  if (given.format !== undefined && given.format !== "f32" && given.format !== "i16")
    throw new Misused({ fr: `--format ${given.format} : f32 ou i16`, en: `--format ${given.format}: f32 or i16` });
  const [rpm, scale, samples, axes] = (["rpm", "scale", "samples", "axes"] as const).map((name) =>
    numberIn(given, name),
  );
  const out = await linesTo(given.findings);
  const lines = analyseBursts({
    ...{ source, rate },
    ...(rpm !== undefined && { rpm }),
    ...(scale !== undefined && { scale }),
    ...(samples !== undefined && { samples }),
    ...(axes !== undefined && { axes }),
    ...(given.bearing !== undefined && { bearing: given.bearing }),
    ...(given.format !== undefined && { format: given.format }),
  });
  for await (const line of lines) {
    console.log(burstTable(line));
    await out?.put(`${JSON.stringify(line)}\n`);
  }
  await out?.close();
}

function numberIn(given: Given, name: "rate" | "rpm" | "scale" | "samples" | "axes"): number | undefined {
  const written = given[name];
  if (written === undefined) return undefined;
  const value = Number(written);
  if (!(value > 0))
    throw new Misused({
      fr: `--${name} ${written} : un nombre plus grand que 0`,
      en: `--${name} ${written}: a number above 0`,
    });
  return value;
}

async function overHistory(config: string, { from, to, data, findings }: Given): Promise<void> {
  speakAs(languageOf(config));
  const [start, end] = [dateIn("from", from), dateIn("to", to)];
  if (end <= start) throw new Misused({ fr: "--to doit être après --from", en: "--to must be later than --from" });
  const out = await linesTo(findings);
  const counts = { alert: 0, watch: 0 };
  for await (const event of rehearseFolder(config, data, start, end, envFor(config))) {
    const { t, alarm } = event;
    counts[alarm.level]++;
    console.log(
      `${new Date(t).toISOString()}  ${alarm.level.padEnd(5)}  ${alarm.machine}  ${alarm.text[terminalLanguage()]}`,
    );
    await out?.put(`${JSON.stringify(alarmLine(event))}\n`);
  }
  await out?.close();
  console.log(
    say({
      fr: `${counts.alert} alertes et ${counts.watch} indices auraient été signalés.`,
      en: `${counts.alert} alerts and ${counts.watch} hints would have been told.`,
    }),
  );
}

function dateIn(name: string, written: string | undefined) {
  const t = Date.parse(written ?? "");
  if (!Number.isFinite(t))
    throw new Misused({
      fr: `--${name} ${written ?? ""} : une date, par exemple 2025-03-01 ou 2025-03-01T06:00`,
      en: `--${name} ${written ?? ""}: a date like 2025-03-01 or 2025-03-01T06:00`,
    });
  return epochMs(t);
}

function alarmLine({ t, alarm }: AlarmEvent) {
  const { machine, point, rule, level, part, forecast, text } = alarm;
  return {
    t,
    machine,
    ...(point && { point }),
    rule,
    level,
    ...(part && { part }),
    ...(forecast && { forecast }),
    text,
  };
}
