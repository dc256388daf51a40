import type { AlarmEvent } from "../core/alarm.ts";
import type { Backtest, BacktestLine } from "../core/api.ts";
import { type Clock, epochMs, MINUTE, type Ms, SECOND } from "../core/time.ts";
import { type Rehearsal, rehearsal } from "./history.ts";

/** So long the main thread is held at a stretch; then it rests as long as it worked, so that polls are not late. */
const SLICE: Ms = 4;
const PROGRESS: Ms = SECOND / 2;
/** A job that takes longer, or finds more, ends there and says so. */
const LONGEST: Ms = 15 * MINUTE;
const MOST = 1_000;

/** The back-test as the page asks for it: a job that leaves the machine to its work, with bounds on time and findings. */
export function backtestOf(parts: Rehearsal, clock: Clock, bounds = { longest: LONGEST, most: MOST }): Backtest {
  return async function* ({ from, to }, signal) {
    const began = clock.monotonic();
    let [slice, shown, found] = [began, began, { alerts: 0, watches: 0 }];
    let end: { at: number; readings: number; short?: "time" | "many" } = { at: from, readings: 0 };
    for await (const { at, readings, told } of rehearsal(parts, epochMs(from), epochMs(to))) {
      for (const event of told) {
        yield lineOf(event);
        if (event.alarm.level === "alert") found = { ...found, alerts: found.alerts + 1 };
        else found = { ...found, watches: found.watches + 1 };
      }
      end = { at, readings };
      if (signal.aborted) return;
      const now = clock.monotonic();
      if (found.alerts + found.watches >= bounds.most) end.short = "many";
      else if (now - began >= bounds.longest) end.short = "time";
      if (end.short) break;
      if (now - shown >= PROGRESS) {
        yield { kind: "progress", at, readings };
        shown = now;
      }
      if (now - slice < SLICE) continue;
      await clock.sleep(now - slice, signal).catch(() => undefined);
      slice = clock.monotonic();
    }
    yield { kind: "done", ...end, ...found };
  };
}

function lineOf({ t, alarm }: AlarmEvent): BacktestLine {
  const { machine, point, rule, level, part, forecast, text } = alarm;
  return {
    kind: "found",
    ...{ t, machine, rule, level, text },
    ...(point !== undefined && { point }),
    ...(part !== undefined && { part }),
    ...(forecast !== undefined && { forecast }),
  };
}
