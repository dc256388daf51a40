import { z } from "zod";
import { DURATION_REASON, MINUTE, type Ms, parseDuration, SECOND } from "../core/time.ts";

const duration = (usual: Ms) =>
  z
    .string()
    .refine((written) => parseDuration(written) !== undefined, DURATION_REASON)
    .transform((written): Ms => parseDuration(written) ?? usual)
    .default(usual);

/** The key `alarms:` of a site file. */
export const alarmSettings = z.strictObject({
  /**
   * How long a device must be silent before that is an alarm of its own. A restart, a plug pulled for cleaning or a breaker
   * put back are over sooner, and nobody need come for them.
   */
  silentAfter: duration(5 * MINUTE),
  /** The same for a whole line: nothing on it is watched any more, and it rarely comes back by itself. */
  lineSilentAfter: duration(MINUTE),
  /** How long it must be silent before the alarms that hang on it keep quiet. */
  quietAfter: duration(10 * SECOND),
  /** After a start, alarms that were active before are given so long to show that they still are. */
  restartWindow: duration(10 * MINUTE),
  /** The kinds of rules that points and machines get by themselves; all that fit where it is left out, none if `false`. */
  defaults: z.union([z.literal(false), z.array(z.string()).max(100)]).optional(),
});

export type AlarmSettings = z.output<typeof alarmSettings>;
