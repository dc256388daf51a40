import type { Sample } from "./history.ts";
import { machineOf, type PointId, signalOf } from "./point.ts";
import type { Unit } from "./unit.ts";

export const exportFormats = ["csv", "json", "line-protocol"] as const;

export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  format: ExportFormat;
  point: PointId;
  unit: Unit;
  /** French Excel: numbers with a comma, so columns with a semicolon. */
  decimalComma?: boolean;
}

/** A piece per reading would be a packet, and a turn of the stream, per reading. */
const BLOCK = 16_384;

/** Readings as text, block by block, whatever their number. */
export async function* exported(samples: AsyncIterable<Sample>, options: ExportOptions): AsyncIterable<string> {
  const { head, line, tail } = writers[options.format](options);
  let block = head;
  let first = true;
  for await (const sample of samples) {
    block += line(sample, first);
    first = false;
    if (block.length < BLOCK) continue;
    yield block;
    block = "";
  }
  yield block + tail;
}

interface Writer {
  head: string;
  line(sample: Sample, first: boolean): string;
  tail: string;
}

const writers: Record<ExportFormat, (options: ExportOptions) => Writer> = { csv, json, "line-protocol": lineProtocol };

function csv({ point, unit, decimalComma }: ExportOptions): Writer {
  const between = decimalComma ? ";" : ",";
  const number = (value: number | null) =>
    value === null ? "" : decimalComma ? String(value).replace(".", ",") : String(value);
  const column = unit === "" || unit === "1" ? point : `${point} [${unit}]`;
  return {
    // A byte order mark: without it Excel takes UTF-8 for something else.
    head: `${decimalComma ? "\ufeff" : ""}time${between}${column}${between}why\r\n`,
    line: ({ t, value, why }) => `${new Date(t).toISOString()}${between}${number(value)}${between}${why ?? ""}\r\n`,
    tail: "",
  };
}

function json(): Writer {
  return {
    head: "[",
    line: (sample, first) => `${first ? "\n" : ",\n"}${JSON.stringify(sample)}`,
    tail: "\n]\n",
  };
}

function lineProtocol({ point, unit }: ExportOptions): Writer {
  const tags = { machine: machineOf(point), signal: signalOf(point), ...(unit && { unit }) };
  const series = Object.entries(tags).map(([name, value]) => `${name}=${value.replace(/[,= \\]/g, "\\$&")}`);
  return {
    head: "",
    line: ({ t, value, why }) => {
      const quality = value === null ? "bad" : why ? "uncertain" : "good";
      const fields = [
        ...(value === null ? [] : [`value=${value}`]),
        `quality="${quality}"`,
        ...(why ? [`why="${why}"`] : []),
      ];
      return `reading,${series.join(",")} ${fields.join(",")} ${t}000000\n`;
    },
    tail: "",
  };
}
