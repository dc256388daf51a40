import type { Text } from "../core/text.ts";
import type { EpochMs } from "../core/time.ts";
import { DAY } from "../core/time.ts";
import { type Evidence, weightOf } from "./case/evidence.ts";

/** How a machine is: 0 (stop it) … 100 (nothing to say), and what takes how much of it. */
export interface Health {
  readonly health: number;
  readonly reasons: readonly { readonly text: Text; readonly minus: number }[];
}

/** What a full vote of one rule takes, and what more a near limit takes. */
const FULL_VOTE = 0.5;
const NEAR_LIMIT = 0.4;
/** A limit within a week begins to count. */
const NEAR = 7 * DAY;
/** A doubtful sensor says little about the machine. */
const SENSOR = 0.1;

/** Health from the evidence of the machine's case. Shares multiply, so that ten small worries are not one breakdown. */
export function healthOf(evidence: readonly Evidence[], now: EpochMs): Health {
  const shares = evidence.map((one) => ({ text: one.text, share: shareOf(one, now) })).filter(({ share }) => share > 0);
  const health = Math.round(100 * shares.reduce((left, { share }) => left * (1 - share), 1));
  const whole = shares.reduce((sum, { share }) => sum + share, 0);
  const reasons = shares
    .sort((a, b) => b.share - a.share)
    .map(({ text, share }) => ({ text, minus: Math.floor(((100 - health) * share) / whole) }));
  // What rounding left over goes to the heaviest, so that the reasons add up.
  const [heaviest] = reasons;
  if (heaviest) heaviest.minus += 100 - health - reasons.reduce((sum, { minus }) => sum + minus, 0);
  return { health, reasons };
}

function shareOf(one: Evidence, now: EpochMs): number {
  const weight = Math.min(1, weightOf(one)) * Math.max(0, Math.min(1, one.score));
  if (one.part === "sensor") return SENSOR * weight;
  const left = one.forecast ? Math.max(0, one.forecast.at - now) : NEAR;
  const near = Math.max(0, 1 - left / NEAR);
  const over = one.value !== undefined && one.limit !== undefined && Math.abs(one.value) >= Math.abs(one.limit) ? 1 : 0;
  return Math.min(0.95, weight * (FULL_VOTE + NEAR_LIMIT * Math.max(near, over)));
}
