import { z } from "zod";
import type { Frame } from "./frame.ts";

/** `config/profiles/teleinfo-*.yaml`: which labels of a mode make which signal. */
export const ticProfile = z.strictObject({
  protocol: z.literal("teleinfo"),
  mode: z.enum(["historique", "standard"]),
  vendor: z.string(),
  model: z.string(),
  verified: z.string(),
  sources: z.array(z.string()).min(1),
  notes: z.string().optional(),
  signals: z.record(
    z.string(),
    z.strictObject({
      /** Added up; labels that a contract does not have are left out. */
      labels: z.array(z.string()).min(1),
      scale: z.number().default(1),
      unit: z.string(),
      kind: z.enum(["gauge", "counter", "state"]),
    }),
  ),
  /** Labels that are text about the meter, and how they are shown. */
  texts: z.record(z.string(), z.string()),
});
export type TicProfile = z.output<typeof ticProfile>;

/** The value of a signal in a frame: the sum of its labels; undefined where the frame has none of them. */
export function signalIn(profile: TicProfile, signal: string, frame: Frame): number | undefined {
  const facts = profile.signals[signal];
  if (!facts) return undefined;
  let sum: number | undefined;
  for (const { label, text } of frame.groups) {
    if (!facts.labels.includes(label)) continue;
    const value = /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number.parseFloat(text) : Number.NaN;
    sum = (sum ?? 0) + value;
  }
  return sum === undefined ? undefined : Number((sum * facts.scale).toPrecision(12));
}
