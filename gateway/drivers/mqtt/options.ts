import { z } from "zod";
import { ID_PATTERN, ID_REASON, PLACE_REASON } from "../../core/point.ts";
import { reason } from "../../core/text.ts";
import { parseDuration } from "../../core/time.ts";
import { linkOptions } from "../../mqtt/settings.ts";
import { patterns } from "./patterns.ts";

const id = z.string().regex(ID_PATTERN, ID_REASON);
const place = z.string().regex(/^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64})?$/, PLACE_REASON);
const text = z.strictObject({ fr: z.string(), en: z.string() });
const topic = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^+#\0]+$/, reason({ fr: "un seul topic, sans + ni #", en: "one topic, without + or #" }));
const TOO_SHORT = reason({
  fr: "une durée d'au moins 100ms, par exemple 500ms, 1s ou 5min",
  en: "a duration of at least 100ms, such as 500ms, 1s or 5min",
});
const duration = z.string().transform((written, context) => {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= 100) return ms;
  context.addIssue({ code: "custom", message: TOO_SHORT });
  return z.NEVER;
});

const signal = z.strictObject({
  /** `signal` of the device's machine, or `machine/signal`; the key itself where it is left out. */
  as: place.optional(),
  /** Where in the payload: `ENERGY.Power`, `temperature.tC`; left out where the payload is the value. */
  path: z.string().min(1).max(200).optional(),
  /** A topic of its own: completes the pattern's (`sensor/<this>/state`), or stands alone with a leading `/`. */
  topic: topic.optional(),
  unit: z.string().max(20).default("1"),
  kind: z.enum(["gauge", "counter", "state"]).default("gauge"),
  every: duration.optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  title: text.optional(),
  labels: z.record(z.coerce.number(), text).optional(),
  scale: z.number().default(1),
  /** Numbers for words, beside on/off, true/false, open/closed, online/offline. */
  words: z.record(z.string(), z.number()).optional(),
});

const device = z
  .strictObject({
    id,
    machine: id.optional(),
    /** How often it speaks. Nothing heard for three times as long, and its points are bad. */
    every: duration.prefault("10s"),
    /** Another Vigie, by the id of its site; signals are named `machine/signal` as over there. */
    site: id.optional(),
    /** What kind of device it is, and its name in topics (the id where it is left out). */
    pattern: z.enum(Object.keys(patterns) as [keyof typeof patterns, ...(keyof typeof patterns)[]]).optional(),
    name: topic.optional(),
    /** Any other device: its topic, and where it says whether it is there. */
    topic: topic.optional(),
    online: z.strictObject({ topic, value: z.string().max(100), path: z.string().max(200).optional() }).optional(),
    signals: z.record(place, signal.prefault({})),
  })
  .refine((d) => [d.site, d.pattern, d.topic].filter(Boolean).length === 1, {
    message: reason({
      fr: "donnez une seule de ces clés : site, pattern, topic",
      en: "say exactly one of site, pattern, topic",
    }),
  });

export const mqttDriverOptions = z.strictObject({
  ...linkOptions,
  devices: z.array(device).min(1),
});

export type MqttDriverOptions = z.infer<typeof mqttDriverOptions>;
export type DeviceOptions = MqttDriverOptions["devices"][number];
export type SignalOptions = DeviceOptions["signals"][string];
