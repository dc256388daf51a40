import { z } from "zod";
import { ID_PATTERN, ID_REASON, PLACE_REASON } from "../../core/point.ts";
import { reason } from "../../core/text.ts";
import { DAY, type Ms, parseDuration, SECOND } from "../../core/time.ts";
import { isPort, PORT_REASON } from "../lib/pipe.ts";

/** What a site file may say under `type: node`. */
const id = z.string().regex(ID_PATTERN, ID_REASON);

const duration = (low: Ms, high: Ms) => {
  const message = reason({
    fr: `une durée de ${low / SECOND} s à ${high / SECOND} s, par exemple 500ms, 1s ou 5min`,
    en: `a time between ${low / SECOND} s and ${high / SECOND} s, as in 500ms, 1s or 5min`,
  });
  return z.string().transform((written, ctx): Ms => {
    const ms = parseDuration(written);
    if (ms !== undefined && ms >= low && ms <= high) return ms;
    ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  });
};

const every = duration(10, DAY);

const place = z.string().regex(/^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64})?$/, PLACE_REASON);

const text = z.union([
  z.string().transform((words) => ({ fr: words, en: words })),
  z.strictObject({ fr: z.string(), en: z.string() }),
]);

const channel = z.strictObject({
  /** `signal` of the node's machine, or `machine/signal`; the channel's own name where it is left out. */
  as: place.optional(),
  /** Must be what the node says of the channel: a wrong wire is found out, not converted. */
  unit: z.string().max(16),
  kind: z.enum(["gauge", "counter", "state"]).default("gauge"),
  /** Sets the node's period; left out, the node keeps its own. */
  every: every.optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  labels: z.record(z.coerce.number<string>().int(), text).optional(),
  title: text.optional(),
});
export type ChannelOptions = z.output<typeof channel>;

const burst = z.strictObject({
  as: place.optional(),
  /** Left out or `above` alone: only when the vibration is strong, or asked for by hand. */
  every: duration(10 * SECOND, DAY).optional(),
  /** Also when the RMS of a short look exceeds this, in g. */
  above: z.number().positive().max(400).optional(),
  count: z.int().min(64).max(16_384).default(4_096),
  rate: z.int().min(10).max(30_000).default(3_200),
});
export type BurstOptions = z.output<typeof burst>;

const node = z.strictObject({
  /** The id that the node announces (`vigie node dump PORT` shows it). */
  id: z.string().regex(
    /^[a-z0-9_-]{1,32}$/,
    reason({
      fr: "seulement a-z, 0-9, _ et - (32 au plus)",
      en: "only a-z, 0-9, _ and - (at most 32)",
    }),
  ),
  machine: id.optional(),
  every: every.optional(),
  channels: z.record(id, channel),
  bursts: z.record(id, burst).default({}),
});
export type NodeEntry = z.output<typeof node>;

export const nodeOptions = z.strictObject({
  port: z
    .string()
    .regex(
      /^(\/|tcp:\/\/[^/]+:\d+$)/,
      reason({ fr: "le chemin d'un port, ou tcp://hôte:port", en: "a device path, or tcp://host:port" }),
    )
    .refine(isPort, PORT_REASON),
  baud: z.int().min(9_600).max(921_600).default(115_200),
  /** Whichever of them is plugged in is read; any other shows as new. */
  nodes: z.array(node).max(32).default([]),
});
export type NodeOptions = z.output<typeof nodeOptions>;
