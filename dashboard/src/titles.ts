import type { MachineAnswer } from "../../gateway/core/api.ts";
import type { FaultCode } from "../../gateway/core/fault.ts";
import type { LivePoint } from "./live.ts";
import { say, words } from "./words/index.ts";

/** How people call a point: its title, else its signal's name made readable. */
export function titleOf(point: Pick<LivePoint, "id" | "title">): string {
  if (point.title) return say(point.title);
  const name = point.id.slice(point.id.indexOf("/") + 1).replaceAll(/[_-]+/g, " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Why there is no number, in words. */
export const causeShown = (why: FaultCode | "none"): string =>
  why === "none" ? words.value.chart.noRecord : (words.value.fault[why] ?? words.value.fault.unknown);

export const nameOf = (machine: Pick<MachineAnswer, "name">): string => say(machine.name);
