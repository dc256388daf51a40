import { z } from "zod";
import type { HistoryAnswer } from "../../core/api.ts";
import { historyAnswer, inLanguage, instant, says } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { historianOr404, pointOr404 } from "./site.ts";

const DAY = 24 * 3600 * 1_000;

export function historyRoutes(app: App, desk: Desk): void {
  app.get(
    "/history",
    {
      config: { need: "wall" },
      schema: {
        tags: ["history"],
        querystring: inLanguage.extend({
          point: z.string().min(3).max(130),
          from: instant.optional(),
          to: instant.optional(),
          buckets: z.coerce.number().int().min(1).max(2_000).default(300),
        }),
        response: { 200: says<HistoryAnswer>(historyAnswer) },
      },
    },
    async ({ query }): Promise<HistoryAnswer> => {
      const point = pointOr404(desk, query.point);
      const { from, to } = span(desk, query);
      const buckets = await historianOr404(desk).range(point.id, from, to, query.buckets);
      return { point: point.id, unit: point.signal.unit, buckets };
    },
  );
}

/** The stretch of time asked for; the last day where nothing is said. */
export function span(desk: Desk, { from, to }: { from?: number | undefined; to?: number | undefined }) {
  const end = instant.parse(to ?? desk.clock.now());
  const start = instant.parse(from ?? Math.max(0, end - DAY));
  if (start >= end) throw new HttpError(400, "bad-request", "`from` must be before `to`.");
  return { from: start, to: end };
}
