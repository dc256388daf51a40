import type { AlarmState } from "../core/alarm.ts";

/**
 * The life of an alarm, after ISA-18.2 and OPC UA Part 9: one table of 26 rows, and nothing else decides. The process
 * state keeps running under shelf, suppression and out-of-service, which only hide it and keep it quiet.
 */
export type Process = "normal" | "pending" | "unacked" | "acked" | "returned" | "latched-unacked" | "latched-acked";

/** Why the system itself keeps an alarm quiet. */
export type Cause = "machine-off" | "start-up" | "parent" | "link" | "sensor" | "maintenance";

export interface Life {
  readonly process: Process;
  /** The condition, after quality, dead band and delays. */
  readonly cond: boolean;
  readonly occurrence: number;
  readonly shelf: "none" | "timed" | "oneshot";
  readonly causes: readonly Cause[];
  /** All causes are gone, but it waits before it speaks again. */
  readonly settling: boolean;
  readonly oos: boolean;
  readonly enabled: boolean;
  /** Input is bad: what the process says is what it said before. */
  readonly frozen: boolean;
}

/** What the rule says about its alarm, as far as the table needs it. */
export interface Manner {
  readonly delayed: boolean;
  readonly latch: boolean;
  readonly ackRequired: boolean;
  readonly resetImpliesAck: boolean;
}

export type LifeEvent =
  | { readonly kind: "crossed" | "back" | "true" | "false" | "ack" | "reset" | "worse" | "realarm" }
  | { readonly kind: "shelve"; readonly shelf: "timed" | "oneshot" }
  | { readonly kind: "unshelve" | "shelf-over" | "settled" | "oos" | "return" | "bad" | "good" | "boot" }
  | { readonly kind: "suppress" | "unsuppress"; readonly cause: Cause };

export type Effect = "annunciate" | "new-occurrence" | "fleeting" | "quiet" | "done" | "settle";

export interface Row {
  readonly row: number;
  readonly on: LifeEvent["kind"];
  readonly from?: readonly Process[];
  readonly when?: (life: Life, manner: Manner) => boolean;
  readonly to?: Process | ((life: Life) => Process);
  readonly effects: readonly Effect[];
  readonly refused?: string;
}

export type Moved =
  | { readonly row: number; readonly life: Life; readonly effects: readonly Effect[] }
  | { readonly row: number; readonly refused: string };

export const newborn: Life = {
  process: "normal",
  cond: false,
  occurrence: 0,
  shelf: "none",
  causes: [],
  settling: false,
  oos: false,
  enabled: true,
  frozen: false,
};

const any: readonly Process[] = [
  "normal",
  "pending",
  "unacked",
  "acked",
  "returned",
  "latched-unacked",
  "latched-acked",
];

/** Where the process stands when a cover is lifted: only a reset ends what is latched. */
const uncovered =
  (whileTrue: Process) =>
  (life: Life): Process => {
    if (life.cond) return whileTrue;
    return latched(life) || life.process === "pending" ? life.process : "normal";
  };
const latched = (life: Life) => life.process === "latched-unacked" || life.process === "latched-acked";
const loudIfTrue = (life: Life) => life.cond;

/** Tried from the top; the first row whose event, state and guard fit is the answer. */
export const table: readonly Row[] = [
  { row: 1, on: "crossed", from: ["normal"], when: (_, m) => m.delayed, to: "pending", effects: [] },
  { row: 2, on: "back", from: ["pending"], to: "normal", effects: ["fleeting"] },
  { row: 3, on: "true", from: ["normal", "pending"], to: "unacked", effects: ["new-occurrence", "annunciate"] },
  { row: 4, on: "ack", from: ["unacked"], to: "acked", effects: ["quiet"] },
  { row: 7, on: "false", from: ["unacked"], when: (_, m) => m.latch, to: "latched-unacked", effects: [] },
  { row: 5, on: "false", from: ["unacked"], when: (_, m) => m.ackRequired, to: "returned", effects: ["quiet"] },
  { row: 6, on: "false", from: ["unacked"], to: "normal", effects: ["quiet", "done"] },
  { row: 9, on: "false", from: ["acked"], when: (_, m) => m.latch, to: "latched-acked", effects: [] },
  { row: 8, on: "false", from: ["acked"], to: "normal", effects: [] },
  { row: 10, on: "worse", from: ["unacked", "acked"], to: "unacked", effects: ["annunciate"] },
  { row: 10, on: "realarm", from: ["acked"], to: "unacked", effects: ["annunciate"] },
  { row: 11, on: "ack", from: ["returned"], to: "normal", effects: [] },
  { row: 12, on: "true", from: ["returned"], to: "unacked", effects: ["new-occurrence", "annunciate"] },
  { row: 13, on: "ack", from: ["latched-unacked"], to: "latched-acked", effects: ["quiet"] },
  {
    row: 14,
    on: "true",
    from: ["latched-unacked", "latched-acked"],
    to: "unacked",
    effects: ["new-occurrence", "annunciate"],
  },
  { row: 15, on: "reset", from: ["latched-acked"], to: "normal", effects: [] },
  {
    row: 16,
    on: "reset",
    from: ["latched-unacked"],
    when: (_, m) => m.resetImpliesAck,
    to: "normal",
    effects: ["quiet"],
  },
  { row: 16, on: "reset", from: ["latched-unacked"], effects: [], refused: "acknowledge it before you reset it" },
  { row: 17, on: "shelve", from: any, effects: ["quiet"] },
  { row: 18, on: "unshelve", when: (life) => life.shelf !== "none", to: uncovered("acked"), effects: [] },
  {
    row: 19,
    on: "shelf-over",
    when: (life) => life.shelf !== "none" && life.cond,
    to: "unacked",
    effects: ["annunciate"],
  },
  { row: 19, on: "shelf-over", when: (life) => life.shelf !== "none", to: uncovered("unacked"), effects: [] },
  { row: 21, on: "suppress", effects: ["quiet"] },
  { row: 22, on: "unsuppress", effects: ["settle"] },
  { row: 22, on: "settled", when: (life) => life.settling && loudIfTrue(life), to: "unacked", effects: ["annunciate"] },
  { row: 22, on: "settled", when: (life) => life.settling, to: uncovered("unacked"), effects: [] },
  { row: 23, on: "oos", effects: ["quiet"] },
  { row: 24, on: "return", when: (life) => life.oos && loudIfTrue(life), to: "unacked", effects: ["annunciate"] },
  { row: 24, on: "return", when: (life) => life.oos, to: uncovered("unacked"), effects: [] },
  { row: 25, on: "bad", effects: [] },
  { row: 25, on: "good", effects: [] },
  { row: 26, on: "boot", effects: [] },
];

/** What is shown: the first cover that lies on it, or the process itself. */
export function shown(life: Life): AlarmState {
  if (!life.enabled) return "disabled";
  if (life.oos) return "out-of-service";
  if (life.causes.length > 0 || life.settling) return "suppressed";
  if (life.shelf !== "none") return "shelved";
  return life.process;
}

/** One step through the table; undefined where the event means nothing here. */
export function move(life: Life, event: LifeEvent, manner: Manner): Moved | undefined {
  if (!life.enabled) return refusal(event);
  if (
    life.frozen &&
    (event.kind === "true" || event.kind === "false" || event.kind === "crossed" || event.kind === "back")
  )
    return undefined;
  const row = table.find(
    (r) => r.on === event.kind && (!r.from || r.from.includes(life.process)) && (!r.when || r.when(life, manner)),
  );
  if (!row) return refusal(event);
  if (row.refused) return { row: row.row, refused: row.refused };
  const to = typeof row.to === "function" ? row.to(life) : (row.to ?? life.process);
  const covered = cover(life, event);
  const next: Life = {
    ...covered,
    process: to,
    occurrence: life.occurrence + (row.effects.includes("new-occurrence") ? 1 : 0),
  };
  const oneshotDone = next.shelf === "oneshot" && event.kind === "false";
  const settled = oneshotDone
    ? { ...next, shelf: "none" as const, process: latched(next) ? next.process : ("normal" as const) }
    : next;
  return { row: oneshotDone ? 20 : row.row, life: settled, effects: heard(settled, row.effects) };
}

/** Flags that an event sets, whatever the process does. */
function cover(life: Life, event: LifeEvent): Life {
  switch (event.kind) {
    case "true":
      return { ...life, cond: true };
    case "false":
      return { ...life, cond: false };
    case "shelve":
      return { ...life, shelf: event.shelf };
    case "unshelve":
    case "shelf-over":
      return { ...life, shelf: "none" };
    case "suppress":
      return { ...life, causes: [...life.causes.filter((c) => c !== event.cause), event.cause], settling: false };
    case "unsuppress":
      return unsuppressed(life, event.cause);
    case "settled":
      return { ...life, settling: false };
    case "oos":
      return { ...life, oos: true };
    case "return":
      return { ...life, oos: false };
    case "bad":
      return { ...life, frozen: true };
    case "good":
      return { ...life, frozen: false };
    default:
      return life;
  }
}

function unsuppressed(life: Life, cause: Cause): Life {
  const causes = life.causes.filter((c) => c !== cause);
  return { ...life, causes, settling: life.settling || (causes.length === 0 && life.causes.length > 0) };
}

/** Nothing is annunciated from under a cover. */
const heard = (life: Life, effects: readonly Effect[]): readonly Effect[] =>
  shown(life) === life.process ? effects : effects.filter((effect) => effect !== "annunciate" && effect !== "done");

const people: ReadonlySet<LifeEvent["kind"]> = new Set(["ack", "reset", "shelve", "unshelve", "oos", "return"]);

/** A person gets an answer; the system's own events just mean nothing here. */
function refusal(event: LifeEvent): Moved | undefined {
  if (!people.has(event.kind)) return undefined;
  const words: Partial<Record<LifeEvent["kind"], string>> = {
    ack: "there is nothing to acknowledge",
    reset: "there is nothing to reset: it is not latched, or still active",
    unshelve: "it is not shelved",
    return: "it is not out of service",
  };
  return { row: 0, refused: words[event.kind] ?? "this alarm is disabled" };
}
