import { Readable } from "node:stream";
import { z } from "zod";
import { exported, exportFormats } from "../../core/export.ts";
import { faults } from "../../core/fault.ts";
import type { Point } from "../../core/point.ts";
import type { Language } from "../../core/text.ts";
import type { EpochMs } from "../../core/time.ts";
import { unitShown } from "../../core/unit.ts";
import { stamp } from "../../core/zone.ts";
import { inLanguage, instant } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { span } from "./history.ts";
import { historianOr404, pointOr404 } from "./site.ts";

const MOST = 50;

/** For people: every stored reading as a table, row by row: a year needs no more memory than an hour. */
export function exportRoutes(app: App, desk: Desk): void {
  exportForPrograms(app, desk);
  app.get(
    "/export.csv",
    {
      config: { need: "viewer" },
      schema: {
        tags: ["history"],
        description:
          "In French with semicolons and decimal commas, as a French spreadsheet opens it; else commas and points.",
        querystring: inLanguage.extend({
          point: z.union([z.string(), z.array(z.string()).min(1).max(MOST)]),
          from: instant.optional(),
          to: instant.optional(),
        }),
      },
    },
    async ({ query }, reply) => {
      const points = [query.point].flat().map((id) => pointOr404(desk, id));
      const historian = historianOr404(desk);
      const { from, to } = span(desk, query);
      const language = query.lang ?? desk.site.language;
      const name = points.length === 1 ? (points[0]?.id.replace("/", "-") ?? "") : desk.site.id;
      const rows = csv(points, (point) => historian.samples(point.id, from, to), language, desk.site.timezone);
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", `attachment; filename="${name}.csv"`)
        .send(Readable.from(rows));
    },
  );
}

const types = { csv: "text/csv", json: "application/json", "line-protocol": "text/plain" } as const;

/** Every stored reading of one point for other programs, as `vigie export` writes it. */
function exportForPrograms(app: App, desk: Desk): void {
  app.get(
    "/export",
    {
      config: { need: "viewer" },
      schema: {
        tags: ["history"],
        description: "One point for other programs: csv, json or InfluxDB line protocol; numbers with a point.",
        querystring: inLanguage.extend({
          point: z.string(),
          format: z.enum(exportFormats).default("csv"),
          from: instant.optional(),
          to: instant.optional(),
        }),
      },
    },
    async ({ query }, reply) => {
      const { id, signal } = pointOr404(desk, query.point);
      const { from, to } = span(desk, query);
      const samples = historianOr404(desk).samples(id, from, to);
      const text = exported(samples, { format: query.format, point: id, unit: signal.unit });
      return reply.type(`${types[query.format]}; charset=utf-8`).send(Readable.from(text));
    },
  );
}

type Samples = AsyncIterable<{ t: EpochMs; value: number | null; why?: keyof typeof faults }>;

async function* csv(
  points: readonly Point[],
  samples: (point: Point) => Samples,
  language: Language,
  timezone: string,
): AsyncGenerator<string> {
  const separator = language === "fr" ? ";" : ",";
  const heads = {
    fr: ["heure", "epoch_ms", "mesure", "valeur", "unité", "cause"],
    en: ["time", "epoch_ms", "point", "value", "unit", "cause"],
  };
  // The mark tells spreadsheets that it is UTF-8.
  let block = `\uFEFF${heads[language].join(separator)}\r\n`;
  for (const point of points) {
    const unit = cell(unitShown(point.signal.unit), separator);
    for await (const { t, value, why } of samples(point)) {
      const number = value === null ? "" : language === "fr" ? String(value).replace(".", ",") : String(value);
      const cause = why ? cell(faults[why][language], separator) : "";
      block += [stamp(t, timezone), t, point.id, number, unit, cause].join(separator);
      block += "\r\n";
      if (block.length < 16_384) continue;
      yield block;
      block = "";
    }
  }
  yield block;
}

/** Text as a spreadsheet shows it and never computes it. */
export function cell(text: string, separator: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return inert.includes(separator) || /["\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
