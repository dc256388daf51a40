import { z } from "zod";
import { DURATION_REASON, parseDuration } from "../../core/time.ts";

/** A duration as people write it in YAML: `30s`, `5 min`, `7d`. */
export const duration = z.string().transform((written, refusal) => {
  const ms = parseDuration(written);
  if (ms === undefined || ms <= 0) {
    refusal.addIssue({ code: "custom", message: DURATION_REASON });
    return z.NEVER;
  }
  return ms;
});

export const level = z.enum(["watch", "alert"]);

/** The states of a machine that a rule can name. */
export const namedState = z.enum(["off", "idle", "running", "transient"]);
