import type { Text } from "../core/text.ts";
import type { EpochMs, Ms } from "../core/time.ts";
import { MINUTE } from "../core/time.ts";
import type { Evidence } from "./case/evidence.ts";

/** What a person who looked at the machine says of a case. `known`: true, but nothing new. */
export type Verdict = "right" | "wrong" | "known";

/** One person's word on one case, kept for ever. */
export interface GivenVerdict {
  readonly case: string;
  readonly machine: string;
  readonly verdict: Verdict;
  readonly by: string;
  readonly t: EpochMs;
  readonly comment?: string;
  /** The rules that had spoken, with what they said then. */
  readonly evidence: readonly Evidence[];
}

/** How often a rule was right, of what people judged. */
export interface Precision {
  readonly rule: string;
  readonly right: number;
  readonly wrong: number;
  readonly known: number;
  /** (right + known) of all judged; null while fewer than three have been. */
  readonly precision: number | null;
}

/** A concrete change to a rule, ready to be written into its options. */
export interface Proposal {
  readonly rule: string;
  readonly change: {
    readonly option: "threshold" | "delay" | "states";
    readonly from?: number;
    readonly to: number | string;
  };
  readonly text: Text;
}

const ENOUGH = 3;

/** Precision per rule, the worst first. */
export function precisions(given: readonly GivenVerdict[]): Precision[] {
  const counts = new Map<string, Record<Verdict, number>>();
  for (const { verdict, evidence } of given) {
    for (const rule of new Set(evidence.map((one) => one.rule))) {
      const count = counts.get(rule) ?? { right: 0, wrong: 0, known: 0 };
      count[verdict]++;
      counts.set(rule, count);
    }
  }
  return [...counts]
    .map(([rule, count]): Precision => {
      const judged = count.right + count.wrong + count.known;
      return { rule, ...count, precision: judged < ENOUGH ? null : (count.right + count.known) / judged };
    })
    .sort((a, b) => (a.precision ?? 2) - (b.precision ?? 2) || b.wrong - a.wrong);
}

/**
 * What would have kept a wrong case from being opened: judge only in the state in which the machine is measured best,
 * wait longer than it lasted, or raise the threshold above what was seen. One proposal per rule that spoke.
 */
export function proposals(wrong: GivenVerdict, lasted: Ms): Proposal[] {
  return wrong.evidence.map((one) => proposal(one, lasted));
}

const SHORT = 30 * MINUTE;
/** A threshold goes so far beyond what was seen. */
const ROOM = 1.15;

function proposal(one: Evidence, lasted: Ms): Proposal {
  if (one.state === "transient" || one.state === "idle" || one.state === "off") return onlyRunning(one);
  const to = lasted < SHORT ? undefined : thresholdBeyond(one);
  return to === undefined ? longerDelay(one, lasted) : threshold(one, to);
}

/** Where a crossed limit would have to lie not to be crossed; undefined where no limit was. */
function thresholdBeyond({ value, limit, forecast }: Evidence): number | undefined {
  if (value === undefined || limit === undefined) return undefined;
  if (value >= limit) return round(value * ROOM);
  // Below a limit without a date ahead of it: the limit was a lower one.
  return forecast === undefined ? round(value / ROOM) : undefined;
}

const onlyRunning = ({ rule }: Evidence): Proposal => ({
  rule,
  change: { option: "states", to: "running" },
  text: {
    fr: "N'évaluer cette règle que machine en marche : l'alerte est venue dans un autre état.",
    en: "Judge this rule only while the machine runs: the alert came in another state.",
  },
});

function longerDelay({ rule }: Evidence, lasted: Ms): Proposal {
  const minutes = Math.max(1, Math.round(lasted / MINUTE));
  const to = Math.max(5, Math.ceil((1.5 * minutes) / 5) * 5);
  return {
    rule,
    change: { option: "delay", to: `${to}min` },
    text: {
      fr: `Attendre ${to} min avant d'alerter : cela a duré ${minutes} min et n'était rien.`,
      en: `Wait ${to} min before alerting: it lasted ${minutes} min and was nothing.`,
    },
  };
}

function threshold({ rule, value = 0, limit = 0 }: Evidence, to: number): Proposal {
  return {
    rule,
    change: { option: "threshold", from: limit, to },
    text: {
      fr: `Porter le seuil de ${plain(limit, ",")} à ${plain(to, ",")} : la machine va bien à ${plain(value, ",")}.`,
      en: `Move the threshold from ${plain(limit, ".")} to ${plain(to, ".")}: the machine is fine at ${plain(value, ".")}.`,
    },
  };
}

/** Two significant digits: nobody sets a threshold finer than that. */
const round = (value: number): number => Number(value.toPrecision(2));

const plain = (value: number, point: "," | "."): string => String(Number(value.toPrecision(3))).replace(".", point);
