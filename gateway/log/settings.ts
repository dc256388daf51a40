import { z } from "zod";
import { reason } from "../core/text.ts";
import { DAY, DURATION_REASON, parseDuration } from "../core/time.ts";

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: DURATION_REASON });
  return z.NEVER;
});

const SIZE_REASON = reason({ fr: "une taille, par exemple 500MB ou 4GB", en: "a size such as 500MB or 4GB" });

const size = z.string().transform((text, context) => {
  const found = /^(\d+(?:\.\d+)?)\s*(MB|GB)$/.exec(text.trim());
  if (found) return Number(found[1]) * (found[2] === "GB" ? 1e9 : 1e6);
  context.addIssue({ code: "custom", message: SIZE_REASON });
  return z.NEVER;
});

/** The `store:` key of the site file. */
export const storeSettings = z
  .strictObject({
    keep: z
      .strictObject({
        raw: duration.default(30 * DAY).describe("Every single reading"),
        minutes: duration
          .default(730 * DAY)
          .describe("One-minute roll-ups; those of 15 minutes and a day stay for ever"),
        backlog: duration.default(30 * DAY).describe("Readings that a sink could not be given yet"),
        size: size.default(8e9).describe("All of it on disk; the oldest single readings go first"),
        bursts: size.default(256e6).describe("Raw vibration"),
      })
      .prefault({}),
    clock: z
      .enum(["auto", "trusted"])
      .default("auto")
      .describe("`trusted`: the machine's clock is right even where nothing says so"),
  })
  .prefault({});

export type StoreSettings = z.infer<typeof storeSettings>;
