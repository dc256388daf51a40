import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { type Found, play, type Scored } from "../backtest/play.ts";
import { openTable, type Table, TableProblem } from "../backtest/table.ts";
import { say } from "../cli.ts";
import { parseDuration } from "../core/time.ts";
import { loadPlugins } from "../plugin.ts";

export const summary = {
  fr: "ce que les règles auraient dit d'un tableau, de rafales ou de l'historique",
  en: "what the rules would have said of a table, of bursts or of the history",
};

const usage = {
  fr: `Usage : vigie backtest --input FICHIER.csv [--time COLONNE | --every 3min] [--ignore COLONNE…] [--scores SORTIE.csv] [--findings SORTIE.jsonl]`,
  en: `Usage: vigie backtest --input FILE.csv [--time COLUMN | --every 3min] [--ignore COLUMN…] [--scores OUT.csv] [--findings OUT.jsonl]`,
};

export async function run(args: string[]): Promise<number> {
  const { values: given } = parseArgs({
    args,
    options: {
      input: { type: "string" },
      time: { type: "string" },
      every: { type: "string" },
      ignore: { type: "string", multiple: true },
      scores: { type: "string" },
      findings: { type: "string" },
    },
  });
  if (given.input === undefined) return refuse(say(usage));
  const every = given.every === undefined ? undefined : parseDuration(given.every);
  if (given.every !== undefined && every === undefined)
    return refuse(`--every ${given.every}: say it like 1s, 3min or 1h`);
  try {
    const table = await openTable(given.input, { time: given.time, every, ignore: given.ignore });
    return await report(table, given.scores, given.findings);
  } catch (error) {
    if (!(error instanceof TableProblem) && !isMissingFile(error)) throw error;
    return refuse(error.message);
  }
}

async function report(table: Table, scores: string | undefined, findings: string | undefined): Promise<number> {
  const { detectors } = await loadPlugins();
  const single = table.columns.length === 1;
  const [rowsOut, foundOut] = [scores, findings].map((path) => (path === undefined ? undefined : new Lines(path)));
  await rowsOut?.put(`timestamp,${single ? "value," : ""}anomaly_score,prediction\n`);
  let [rows, predicted] = [0, 0];
  const found = new Map<string, number>();
  const start = performance.now();
  for await (const scored of play(table, detectors)) {
    rows++;
    predicted += scored.prediction;
    await rowsOut?.put(scoreLine(scored, single));
    for (const one of scored.found) {
      await foundOut?.put(`${JSON.stringify(findingLine(one))}\n`);
      found.set(one.level, (found.get(one.level) ?? 0) + 1);
    }
  }
  await Promise.all([rowsOut?.close(), foundOut?.close()]);
  const seconds = (performance.now() - start) / 1_000;
  const rate = Math.round((rows * table.columns.length) / seconds);
  console.log(
    `${rows} rows × ${table.columns.length} columns, ${predicted} rows anomalous, ${found.get("alert") ?? 0} alerts, ${found.get("watch") ?? 0} hints; ${rate} readings/s`,
  );
  return 0;
}

function scoreLine({ row, score, prediction }: Scored, single: boolean): string {
  const stamp = row.stamp.includes(",") ? `"${row.stamp}"` : row.stamp;
  return `${stamp},${single ? `${row.values[0] ?? ""},` : ""}${Number(score.toFixed(6))},${prediction}\n`;
}

function findingLine({ t, machine, point, rule, level, finding }: Found) {
  const { part, onset, score, forecast, text } = finding;
  return {
    t,
    ...(machine !== undefined && { machine }),
    ...(point !== undefined && { point }),
    rule,
    level,
    ...(part !== undefined && { part }),
    ...(onset !== undefined && { onset }),
    score,
    ...(forecast && { forecast }),
    text,
  };
}

/** Writes at the pace of the disk, 64 kB at a time. */
class Lines {
  readonly #stream: WriteStream;
  #held = "";

  constructor(path: string) {
    this.#stream = createWriteStream(path);
  }

  async put(line: string): Promise<void> {
    this.#held += line;
    if (this.#held.length < 65_536) return;
    const room = this.#stream.write(this.#held);
    this.#held = "";
    if (!room) await once(this.#stream, "drain");
  }

  async close(): Promise<void> {
    this.#stream.end(this.#held);
    await once(this.#stream, "finish");
  }
}

function refuse(message: string): number {
  console.error(`vigie backtest: ${message}`);
  return 2;
}

const isMissingFile = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && ["ENOENT", "EISDIR", "EACCES"].includes(String(error.code));
