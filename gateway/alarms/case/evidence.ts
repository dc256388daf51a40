import type { Finding, Forecast, Level, MachineState } from "../../core/detector.ts";
import type { PointId } from "../../core/point.ts";
import type { Text } from "../../core/text.ts";
import type { EpochMs } from "../../core/time.ts";

/** One rule's word in a case, as long as it holds. */
export interface Evidence {
  readonly rule: string;
  readonly type: string;
  readonly vote: number;
  readonly level: Level;
  readonly score: number;
  readonly text: Text;
  readonly since: EpochMs;
  readonly state: MachineState;
  readonly point?: PointId;
  readonly part?: string;
  readonly value?: number;
  readonly limit?: number;
  readonly onset?: EpochMs;
  readonly forecast?: Forecast | null;
  /** What a person said of it: wrong counts for nothing until it has gone, known never makes an alert. */
  readonly said?: "wrong" | "known";
}

/** What one evidence of the same point adds to a stronger one: they see the same thing. */
const SAME_POINT = 0.25;
/** A watch weighs so much of an alert, and however many of them no more than this. */
const WATCH = 1 / 3;
const HINTS = 0.4;

export const keyOf = (rule: string, point?: PointId): string => (point ? `${rule} ${point}` : rule);

export function evidenceOf(
  rule: { id: string; type: string; vote: number },
  finding: Finding,
  t: EpochMs,
  state: MachineState,
  before: Evidence | undefined,
): Evidence {
  const { level, score, text, point, part, value, limit, onset, forecast } = finding;
  return {
    rule: rule.id,
    type: rule.type,
    vote: rule.vote,
    level,
    score,
    text,
    state,
    since: before?.since ?? t,
    ...(point !== undefined && { point }),
    ...(part !== undefined && { part }),
    ...(value !== undefined && { value }),
    ...(limit !== undefined && { limit }),
    ...(onset !== undefined && { onset }),
    ...(forecast !== undefined && { forecast }),
    ...(before?.said && { said: before.said }),
  };
}

export function weightOf(evidence: Evidence): number {
  const { vote, said } = evidence;
  if (said === "wrong") return 0;
  return vote * (isAlert(evidence) ? 1 : WATCH);
}

/** The votes added up: in full over points, in part for further rules on the same one; hints alone stay hints. */
export function votesOf(all: readonly Evidence[]): number {
  return addedUp(all.filter(isAlert)) + Math.min(HINTS, addedUp(all.filter((evidence) => !isAlert(evidence))));
}

const isAlert = ({ level, said }: Evidence): boolean => level === "alert" && said !== "known";

function addedUp(all: readonly Evidence[]): number {
  const byPoint = new Map<string, { most: number; sum: number }>();
  for (const evidence of all) {
    const weight = weightOf(evidence);
    const point = byPoint.get(evidence.point ?? "") ?? { most: 0, sum: 0 };
    byPoint.set(evidence.point ?? "", { most: Math.max(point.most, weight), sum: point.sum + weight });
  }
  let votes = 0;
  for (const { most, sum } of byPoint.values()) votes += most + SAME_POINT * (sum - most);
  return votes;
}

/** How sure the case is, 0 … 1: one strong word is enough, several agreeing ones make surer. */
export function sureness(all: readonly Evidence[]): number {
  let doubt = 1;
  for (const evidence of all)
    doubt *= 1 - 0.95 * Math.min(1, weightOf(evidence)) * Math.max(0, Math.min(1, evidence.score));
  return 1 - doubt;
}

/** The part that most of the votes point at; undefined while none is named. */
export function partOf(all: readonly Evidence[]): string | undefined {
  const votes = new Map<string, number>();
  for (const evidence of all) {
    if (evidence.part) votes.set(evidence.part, (votes.get(evidence.part) ?? 0) + weightOf(evidence) * evidence.score);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** The evidence that speaks for the case: of the named part, the heaviest; among equals the one that was there first. */
export function leadOf(all: readonly Evidence[], part: string | undefined): Evidence | undefined {
  const strength = (evidence: Evidence) => (evidence.part === part ? 10 : 0) + weightOf(evidence);
  return [...all].sort((a, b) => strength(b) - strength(a) || a.since - b.since)[0];
}
