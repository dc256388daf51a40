import { ActionRefused, type AlarmAction } from "../core/alarm.ts";
import { epochMs, HOUR } from "../core/time.ts";
import type { LifeEvent } from "./lifecycle.ts";
import type { AlarmRecord, AlarmRule, Moment } from "./record.ts";
import { longestShelf } from "./rule.ts";

/** A person's hand on an alarm, as an event of the table. Refuses what no row would: a shelf without end. */
export function handOn({ design }: AlarmRule, action: Exclude<AlarmAction, { kind: "test" }>, now: Moment): LifeEvent {
  switch (action.kind) {
    case "ack":
    case "reset":
    case "unshelve":
      return { kind: action.kind };
    case "shelve": {
      if (action.until === "oneshot") return { kind: "shelve", shelf: "oneshot" };
      const longest = longestShelf[design.priority];
      const left = action.until - now.t;
      if (!(left > 0)) throw new ActionRefused("not-allowed", "the end of the shelf lies in the past");
      if (left > longest)
        throw new ActionRefused(
          "not-allowed",
          `${design.priority} priority may be shelved for ${longest / HOUR} h at most`,
        );
      return { kind: "shelve", shelf: "timed" };
    }
    case "out-of-service":
      return { kind: "oos" };
    case "return-to-service":
      return { kind: "return" };
  }
}

/** What the person said to it. */
export const spoken = (action: AlarmAction): string | undefined => {
  if (action.kind === "out-of-service")
    return action.reference ? `${action.reason} (${action.reference})` : action.reason;
  if (action.kind === "shelve") return action.reason;
  return "comment" in action ? action.comment : undefined;
};

/** What the hand leaves on the record: who, the words, until when. */
export function noteHand(record: AlarmRecord, rule: AlarmRule, action: AlarmAction, now: Moment): void {
  if (action.kind === "ack") record.ackedBy = action.by;
  if ("comment" in action && action.comment !== undefined) record.comment = action.comment;
  if (action.kind !== "shelve") return;
  const left = action.until === "oneshot" ? longestShelf[rule.design.priority] : action.until - now.t;
  record.timers.shelf = now.steady + left;
  record.shelvedUntil = epochMs(now.t + left);
  record.comment = action.reason;
}
