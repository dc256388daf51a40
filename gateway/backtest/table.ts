import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { Told } from "../core/text.ts";
import { type Ms, SECOND } from "../core/time.ts";

/** A table as people export it: `,` `;` tab or blanks between the columns, with or without a line of names. */
export interface Table {
  /** Value columns, as named in the file, or `c1`, `c2`, … */
  readonly columns: readonly string[];
  readonly period: Ms;
  /** Columns that say what a person thought of a row: known by their names, and never looked at. */
  readonly labels?: readonly string[];
  rows(): AsyncIterable<Row>;
}

export interface Row {
  /** As it stands in the file; the time in ms where there is no time column. */
  readonly stamp: string;
  readonly t: number;
  /** null where the cell is empty or no number. */
  readonly values: readonly (number | null)[];
}

export interface TableChoice {
  /** Name of the time column; found by itself where it is left out. */
  time?: string | undefined;
  /** The time between two rows, for tables without a time column. */
  every?: Ms | undefined;
  /** The only columns to look at; all that hold numbers where left out. */
  columns?: readonly string[] | undefined;
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined;
}

/** What is wrong with a table, in words for the terminal. */
export class TableProblem extends Told {}

/** Rows read ahead to learn the shape of the file: separator, names, which columns hold numbers, the time between rows. */
const PEEK = 20;

const LABEL = /^(anomaly|is_anomaly|changepoint|labels?|class|target)$/i;

export async function openTable(file: string, choice: TableChoice): Promise<Table> {
  if (!existsSync(file))
    throw new TableProblem({ fr: `${file} : ce fichier n'existe pas`, en: `${file}: no such file` });
  const head: string[] = [];
  for await (const line of lines(file)) {
    head.push(line);
    if (head.length > PEEK) break;
  }
  const first = head[0];
  if (first === undefined) throw new TableProblem({ fr: `${file} : est vide`, en: `${file}: is empty` });
  const cut = cutter(first);
  const named = !cut(first).some(isNumber);
  const names = cut(first).map((cell, i) => (named && cell !== "" ? cell : `c${i + 1}`));
  const sample = head.slice(named ? 1 : 0).map(cut);
  if (sample.length === 0) throw new TableProblem({ fr: `${file} : n'a aucune ligne`, en: `${file}: has no rows` });
  const time = timeColumn(file, names, sample, choice);
  const strange = [...(choice.columns ?? []), ...(choice.ignore ?? [])].find((name) => !names.includes(name));
  if (strange !== undefined) throw noColumn(file, strange, names);
  const labels = names.filter((name) => LABEL.test(name) && !choice.columns?.includes(name));
  const ignored = new Set([...(choice.ignore ?? []), ...labels]);
  const wanted = (name: string) => !ignored.has(name) && (choice.columns?.includes(name) ?? true);
  // A column that begins empty may be a sensor that came later.
  const holds = (i: number) =>
    sample.some((row) => isNumber(row[i] ?? "")) || (named && sample.every((row) => (row[i] ?? "") === ""));
  const places = names.flatMap((name, i) => (i !== time && wanted(name) && holds(i) ? [i] : []));
  if (!places.some((i) => sample.some((row) => isNumber(row[i] ?? ""))))
    throw new TableProblem({ fr: `${file} : aucune colonne de nombres`, en: `${file}: no column with numbers` });
  return {
    columns: places.map((i) => names[i] ?? ""),
    labels,
    period: choice.every ?? usualStep(sample.map((row) => instant(row[time] ?? ""))),
    async *rows() {
      let n = 0;
      for await (const line of lines(file)) {
        if (n++ === 0 && named) continue;
        const cells = cut(line);
        const t = choice.every === undefined ? instant(cells[time] ?? "") : (n - (named ? 2 : 1)) * choice.every;
        const values = places.map((i) => (isNumber(cells[i] ?? "") ? Number(cells[i]) : null));
        yield { stamp: time >= 0 ? (cells[time] ?? "") : String(t), t, values };
      }
    },
  };
}

async function* lines(file: string): AsyncIterable<string> {
  const stream = createReadStream(file, "utf8");
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity }))
      if (line.trim() !== "") yield line;
  } finally {
    stream.destroy();
  }
}

function cutter(line: string): (line: string) => string[] {
  const separator = [";", ",", "\t"].find((s) => line.includes(s));
  if (!separator) return (l) => l.trim().split(/\s+/);
  const bare = (cell: string) => cell.trim().replace(/^"(.*)"$/, "$1");
  return (l) => l.split(separator).map(bare);
}

const isNumber = (cell: string): boolean => cell !== "" && Number.isFinite(Number(cell));

const noColumn = (file: string, name: string, names: readonly string[]): TableProblem => {
  const all = names.join(", ");
  return new TableProblem({
    fr: `${file} : pas de colonne « ${name} » ; il y a ${all}`,
    en: `${file}: no column "${name}"; there are ${all}`,
  });
};

function timeColumn(file: string, names: readonly string[], sample: readonly string[][], choice: TableChoice): number {
  if (choice.time !== undefined) {
    const found = names.indexOf(choice.time);
    if (found < 0) throw noColumn(file, choice.time, names);
    return found;
  }
  const dated = names.findIndex((_, i) => sample.every((row) => isDate(row[i] ?? "")));
  if (dated >= 0 || choice.every !== undefined) return dated;
  const called = names.findIndex((name) => /^(time|timestamp|datetime|date|t)$/i.test(name));
  if (called >= 0) return called;
  throw new TableProblem({
    fr: `${file} : pas de colonne de temps ; donnez --time COLONNE, ou --every 1s s'il n'y en a pas`,
    en: `${file}: no time column found; say --time COLUMN, or --every 1s where there is none`,
  });
}

const isDate = (cell: string): boolean => !isNumber(cell) && /\d[-/:]\d/.test(cell) && Number.isFinite(instant(cell));

/** A cell as epoch ms. Wall times without a zone are taken as UTC; plain numbers as seconds, or as ms where they are that large. */
function instant(cell: string): number {
  if (isNumber(cell)) return Number(cell) * (Math.abs(Number(cell)) > 1e11 ? 1 : SECOND);
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(cell) ? cell : `${cell.replace(" ", "T")}${cell.includes(":") ? "Z" : ""}`;
  return Date.parse(zoned);
}

function usualStep(times: readonly number[]): Ms {
  const steps = times
    .slice(1)
    .map((t, i) => t - (times[i] ?? 0))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? SECOND;
}
