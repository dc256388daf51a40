import type { AlarmAnswer, AlarmEventAnswer } from "../../../gateway/core/api.ts";
import type { Level, MachineState } from "../../../gateway/core/detector.ts";
import type { Bucket } from "../../../gateway/core/history.ts";

/** A stretch of what a machine was doing. Two states where a bucket held more than one: `share` of it was `state`, the rest `other`. */
export interface Doing {
  from: number;
  to: number;
  state: MachineState;
  other?: MachineState;
  share: number;
}

/** A stretch in which something of the machine was wrong. */
export interface Trouble {
  from: number;
  to: number;
  level: Level;
  text: AlarmAnswer["texts"];
}

/** As the gateway numbers them on the point `<machine>/state`. */
export const stateOrder: readonly MachineState[] = ["unknown", "off", "idle", "running", "transient"];

/** A state is said when it changes and once a minute: between two words it holds, and for no longer than a missed word. */
export const HOLD = 130_000;

export function doingOf(buckets: readonly Bucket[], to: number): Doing[] {
  const length = (buckets[1]?.t ?? to) - (buckets[0]?.t ?? 0);
  const found: Doing[] = [];
  let said = Number.NEGATIVE_INFINITY;
  for (const { t, min, mean, max } of buckets) {
    if (t >= to) break;
    const until = Math.min(to, t + length);
    const last = found.at(-1);
    if (min === null || mean === null || max === null) {
      // What held at the end of the last word holds on.
      if (last && last.to === t && t - said <= HOLD) extend(found, last, until);
      continue;
    }
    said = t + length;
    const state = stateOrder[Math.round(max)] ?? "unknown";
    // "Unknown" is what is said in the moment after a start, not something that a machine does beside its work.
    const other = min < 1 ? state : (stateOrder[Math.round(min)] ?? "unknown");
    const share = other === state ? 1 : (mean - min) / (max - min);
    if (state === other && last?.to === t && last.state === state && last.other === undefined) last.to = until;
    else found.push({ from: t, to: until, state, share, ...(other !== state && { other }) });
  }
  return found;
}

/** Nobody knows which of two states a mixed bucket ended in: the one that took most of it goes on. */
function extend(found: Doing[], last: Doing, until: number): void {
  if (last.other === undefined) last.to = until;
  else found.push({ from: last.to, to: until, state: last.share >= 0.5 ? last.state : last.other, share: 1 });
}

/** A bucket that held two states says which, not how long each: with more of them than this the shares would be guesses. */
const MIXED_AT_MOST = 0.2;

/** How much of [from, to) the machine spent in each state, as shares of the time that is known; undefined where that would be a guess. */
export function sharesOf(
  doing: readonly Doing[],
  from: number,
  to: number,
): { state: MachineState; share: number }[] | undefined {
  const sums = new Map<MachineState, number>();
  let [pure, mixed] = [0, 0];
  for (const one of doing) {
    const long = Math.min(to, one.to) - Math.max(from, one.from);
    if (long <= 0) continue;
    if (one.other) mixed += long;
    else {
      pure += long;
      sums.set(one.state, (sums.get(one.state) ?? 0) + long);
    }
  }
  if (pure === 0 || mixed > MIXED_AT_MOST * (pure + mixed)) return undefined;
  return stateOrder.flatMap((state) => {
    const share = (sums.get(state) ?? 0) / pure;
    return share >= 0.005 ? [{ state, share }] : [];
  });
}

const quiet = new Set(["pending", "suppressed", "shelved", "out-of-service", "disabled"]);

/** When alarms were active, from their events (any order) and from those that are active now. */
export function troublesOf(
  events: readonly AlarmEventAnswer[],
  now: readonly AlarmAnswer[],
  from: number,
  to: number,
): Trouble[] {
  const found: Trouble[] = [];
  const open = new Map<string, Trouble>();
  for (const { t, alarm, from: before, to: state } of [...events].sort((a, b) => a.t - b.t)) {
    const begun = open.get(alarm.id);
    if (alarm.active && state !== "normal" && !quiet.has(state)) {
      if (!begun) open.set(alarm.id, { from: t, to, level: alarm.level, text: alarm.texts });
      else if (alarm.level === "alert") begun.level = "alert";
      continue;
    }
    // One that ends without a beginning began before the first event that is known.
    const unseen =
      before === "unacked" || before === "acked" ? { from, level: alarm.level, text: alarm.texts } : undefined;
    const ended = begun ?? unseen;
    if (ended) found.push({ ...ended, to: t });
    open.delete(alarm.id);
  }
  for (const alarm of now)
    if (alarm.active && !quiet.has(alarm.state) && !open.has(alarm.id))
      open.set(alarm.id, { from: alarm.since, to, level: alarm.level, text: alarm.texts });
  return [...found, ...open.values()].filter((one) => one.to > from && one.from < to);
}
