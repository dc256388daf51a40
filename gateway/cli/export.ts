import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { nearest } from "../config/suggest.ts";
import { type ExportFormat, exported, exportFormats } from "../core/export.ts";
import type { PointId } from "../core/point.ts";
import { Told } from "../core/text.ts";
import { DAY, epochMs } from "../core/time.ts";
import { openPast } from "../log/past.ts";
import { inStoreWords } from "./lib/store-words.ts";

export const summary = {
  fr: "sort les mesures d'un point en csv, json ou line-protocol",
  en: "writes the readings of a point as csv, json or line-protocol",
};

export const usage = {
  fr: "Usage : vigie export --point machine/signal [--from 2026-03-01] [--to 2026-03-02T12:00] [--format csv|json|line-protocol]\n                    [--decimal-comma] [--unit UNITÉ] [--out FICHIER] [--data DOSSIER]",
  en: "Usage: vigie export --point machine/signal [--from 2026-03-01] [--to 2026-03-02T12:00] [--format csv|json|line-protocol]\n                    [--decimal-comma] [--unit UNIT] [--out FILE] [--data DIR]",
};

/** Streams: memory stays the same whatever the length. Without `--from` the last day. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      point: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      format: { type: "string", default: "csv" },
      unit: { type: "string", default: "" },
      "decimal-comma": { type: "boolean", default: false },
      out: { type: "string" },
      data: { type: "string", default: "./data" },
    },
  });
  const to = values.to === undefined ? clock.now() : timeIn(values.to);
  const from = values.from === undefined ? to - DAY : timeIn(values.from);
  const { format, point } = values;
  if (point === undefined || !isFormat(format) || !(to > from)) {
    console.error(say(usage));
    return 2;
  }
  await inStoreWords(async () => {
    const past = await openPast(values.data, clock);
    try {
      if (!past.points.includes(point)) {
        const known = nearest(point, past.points);
        throw new Told({ fr: `${point} : point inconnu${known.fr}`, en: `${point}: no such point${known.en}` });
      }
      const options = { format, point: point as PointId, unit: values.unit, decimalComma: values["decimal-comma"] };
      const text = Readable.from(exported(past.history.samples(options.point, epochMs(from), epochMs(to)), options));
      await pipeline(text, values.out === undefined ? process.stdout : createWriteStream(values.out), {
        end: values.out !== undefined,
      });
    } finally {
      await past.close();
    }
  });
  return 0;
}

/** Without a zone it is the time on the wall here; JavaScript takes a lone date for UTC, which nobody means. */
const timeIn = (text: string): number => Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);

const isFormat = (word: string): word is ExportFormat => exportFormats.some((format) => format === word);
