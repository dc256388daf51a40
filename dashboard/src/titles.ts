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

/** Texts that stand alone begin with a capital, however the gateway put them together. */
export const sentence = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** A long text's first sentence and the rest. A decimal point or an abbreviation is followed by no capital letter. */
export function headline(text: string): [first: string, rest: string] {
  const end = text.search(/\.\s+(?=\p{Lu})/u);
  return end < 0 || text.length < 100 ? [text, ""] : [text.slice(0, end + 1), text.slice(end + 1).trim()];
}

export const nameOf = (machine: Pick<MachineAnswer, "name">): string => say(machine.name);
