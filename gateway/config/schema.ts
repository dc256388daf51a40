import { z } from "zod";
import { machineStateSettings } from "../alarms/machine-state.ts";
import { ID_PATTERN, ID_REASON, type Machine } from "../core/point.ts";
import { languages, reason, sameText } from "../core/text.ts";
import { zoneNamed } from "../core/zone.ts";

/** The parts of a site file that belong to no plugin. */

export const id = z.string().regex(ID_PATTERN, ID_REASON);

const words = z.union([z.string().min(1), z.strictObject({ fr: z.string().min(1), en: z.string().min(1) })]);

const timezone = z
  .string()
  .refine(
    (name) => zoneNamed(name) !== undefined,
    reason({
      fr: "ce n'est pas un fuseau horaire IANA, par exemple Europe/Paris",
      en: "not an IANA time zone such as Europe/Paris",
    }),
  )
  .overwrite((name) => zoneNamed(name) ?? name);

export const site = z
  .strictObject({
    id: id.default("atelier"),
    name: z.string().min(1).max(120).default("Atelier"),
    timezone: timezone.default("Europe/Paris"),
    language: z.enum(languages).default("fr"),
  })
  .describe("What this place is called. The id is part of every MQTT topic.");

export const machine = z
  .strictObject({
    id,
    name: words.optional(),
    kind: z
      .string()
      .max(40)
      .optional()
      .describe("Pictogram and advice: lathe, mill, compressor, pasteuriser, washer, …"),
    class: z.enum(["I", "II", "III", "IV"]).optional().describe("ISO 10816-1 machine class, for vibration zones"),
    code: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,32}$/)
      .optional()
      .describe("What its QR label says; the id where left out"),
    state: machineStateSettings.optional().describe("How its state is told, where it is not to be learned"),
    bearings: z.record(id, z.string()).optional().describe("Bearing designation by part, as in { spindle: '6205' }"),
  })
  .transform(
    ({ name, ...rest }): Machine =>
      clean({ ...rest, name: typeof name === "string" ? sameText(name) : (name ?? sameText(rest.id)) }),
  );

/** What every entry of a plugin list has; all other keys belong to the plugin. */
export const pluginHead = z.looseObject({ id, type: z.string() });

/** Drops keys whose value is undefined, as `exactOptionalPropertyTypes` wants it. */
const clean = <T>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
