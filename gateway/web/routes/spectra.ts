import { z } from "zod";
import type { SpectrumAnswer, WaterfallAnswer } from "../../core/api.ts";
import type { Burst } from "../../core/burst.ts";
import type { Entry } from "../../core/log.ts";
import { backwards } from "../../core/rewind.ts";
import { instant } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { notFound } from "../errors.ts";
import { span } from "./history.ts";

const AT_ONCE = 20;
/** Bursts looked at for one answer; a request must not read the whole log. */
const LOOKED_AT = 2_000;

/** Spectra of raw vibration, newest first: one for a line chart, many for a waterfall. */
export function spectrumRoutes(app: App, desk: Desk): void {
  waterfallRoute(app, desk);
  const { bursts, spectrum } = desk;
  if (!bursts || !spectrum) return;
  app.get(
    "/spectra",
    {
      config: { need: "wall" },
      schema: {
        tags: ["history"],
        querystring: z.strictObject({
          point: z.string().max(130),
          from: instant.optional(),
          to: instant.optional(),
          limit: z.coerce.number().int().min(1).max(100).default(1),
          bins: z.coerce.number().int().min(16).max(4_096).default(1_024),
        }),
      },
    },
    async ({ query }): Promise<SpectrumAnswer[]> => {
      const found: SpectrumAnswer[] = [];
      for await (const entry of backwards(bursts, { most: LOOKED_AT, atOnce: AT_ONCE })) {
        const { point, t } = entry.item;
        const inside = t >= (query.from ?? 0) && t < (query.to ?? Number.POSITIVE_INFINITY);
        if (point === query.point && inside) found.push(answer(entry, spectrum, query.bins));
        if (found.length === query.limit) break;
      }
      return found;
    },
  );
}

function waterfallRoute(app: App, desk: Desk): void {
  const { waterfall } = desk;
  if (!waterfall) return;
  app.get(
    "/waterfall",
    {
      config: { need: "wall" },
      schema: {
        tags: ["history"],
        description: "Levels by frequency band over days and weeks, from the history.",
        querystring: z.strictObject({
          point: z.string().max(130),
          from: instant.optional(),
          to: instant.optional(),
          rows: z.coerce.number().int().min(1).max(500).default(100),
        }),
      },
    },
    async ({ query }): Promise<WaterfallAnswer> => {
      const { from, to } = span(desk, query);
      const source = [...desk.drivers.values()].flatMap((driver) => driver.bursts?.() ?? []);
      const known = source.find(({ point }) => point === query.point);
      if (!known) throw notFound(`There is no vibration sensor ${query.point}.`);
      return waterfall(known, from, to, query.rows);
    },
  );
}

function answer({ seq, item }: Entry<Burst>, spectrum: NonNullable<Desk["spectrum"]>, bins: number): SpectrumAnswer {
  const { power, step } = spectrum(item.samples, item.rate);
  const each = Math.max(1, Math.ceil(power.length / bins));
  const amplitude = Array.from({ length: Math.ceil(power.length / each) }, (_, i) => {
    let top = 0;
    for (let k = i * each; k < Math.min(power.length, (i + 1) * each); k++) top = Math.max(top, power[k] ?? 0);
    return Number(Math.sqrt(top).toPrecision(4));
  });
  return {
    seq,
    t: item.t,
    point: item.point,
    rate: item.rate,
    samples: item.samples.length,
    ...(item.shaft !== undefined && { shaft: item.shaft }),
    clipped: item.clipped,
    step: step * each,
    amplitude,
  };
}
