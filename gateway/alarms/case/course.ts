import type { Finding, Level, MachineState } from "../../core/detector.ts";
import type { EpochMs, SteadyMs } from "../../core/time.ts";
import { cardText } from "./card.ts";
import { type Evidence, evidenceOf, keyOf, leadOf, partOf, sureness, votesOf } from "./evidence.ts";

/** The one case of a machine: what speaks for it now, and how critical it has become. Plain JSON. */
export interface CaseState {
  /** Counts up with every case opened. */
  number: number;
  level: Level | null;
  opened: EpochMs | null;
  evidence: Record<string, Evidence>;
  /** Follows the votes: within seconds up, within a quarter of an hour down. */
  criticality: number;
  /** Steady ms of the last beat. */
  last: number | null;
  /** Steady ms until which nothing is said; null: never muted. */
  mutedUntil: number | null;
  /** Something changed since the last word. */
  news: boolean;
  /** Evidence that found no room. */
  dropped: number;
}

export type CaseInput =
  | {
      readonly kind: "found";
      readonly rule: { id: string; type: string; vote: number };
      readonly finding: Finding;
      readonly t: EpochMs;
      readonly state: MachineState;
    }
  | { readonly kind: "beat"; readonly t: EpochMs; readonly steady: SteadyMs }
  | { readonly kind: "mute"; readonly until: SteadyMs | null }
  | { readonly kind: "verdict"; readonly verdict: "right" | "wrong" | "known" };

export const newCase = (): CaseState => ({
  number: 0,
  level: null,
  opened: null,
  evidence: {},
  criticality: 0,
  last: null,
  mutedUntil: null,
  news: false,
  dropped: 0,
});

const RISE = 10_000;
const LEAK = 10 * 60_000;
const MARKS = { open: 0.2, close: 0.1, alert: 0.8, calm: 0.4 } as const;
const MOST_EVIDENCE = 24;

/** Takes the input in. At a beat at which something has changed, the case speaks. `kind`: of the machine, for its templates. */
export function caseStep(state: CaseState, input: CaseInput, kind?: string): { state: CaseState; finding?: Finding } {
  switch (input.kind) {
    case "found":
      take(state, input);
      return { state };
    case "mute":
      state.mutedUntil = input.until;
      return { state };
    case "verdict":
      judge(state, input.verdict);
      return { state };
    case "beat": {
      beat(state, input.t, input.steady);
      if (!state.news) return { state };
      state.news = false;
      const finding = speak(state, kind);
      return finding ? { state, finding } : { state };
    }
  }
}

function take(state: CaseState, { rule, finding, t, state: doing }: CaseInput & { kind: "found" }): void {
  const key = keyOf(rule.id, finding.point);
  const before = state.evidence[key];
  if (!finding.active) {
    if (before) state.news = state.level !== null;
    delete state.evidence[key];
    return;
  }
  if (!before && Object.keys(state.evidence).length >= MOST_EVIDENCE) {
    state.dropped++;
    return;
  }
  state.evidence[key] = evidenceOf(rule, finding, t, doing, before);
  state.news = true;
}

function judge(state: CaseState, verdict: "right" | "wrong" | "known"): void {
  if (verdict === "right") return;
  for (const [key, evidence] of Object.entries(state.evidence)) state.evidence[key] = { ...evidence, said: verdict };
  state.criticality = Math.min(state.criticality, verdict === "wrong" ? 0 : MARKS.calm);
  state.news = true;
}

function beat(state: CaseState, t: EpochMs, steady: SteadyMs): void {
  const passed = state.last === null ? 0 : Math.max(0, steady - state.last);
  state.last = steady;
  const muted = state.mutedUntil !== null && steady < state.mutedUntil;
  const votes = muted ? 0 : votesOf(Object.values(state.evidence));
  const pace = votes > state.criticality ? RISE : LEAK;
  state.criticality += (votes - state.criticality) * (1 - Math.exp(-passed / pace));
  const level = muted ? null : levelOf(state);
  if (level === state.level) return;
  if (state.level === null) {
    state.number++;
    state.opened = t;
  }
  state.level = level;
  state.news = true;
}

function levelOf({ level, criticality, evidence }: CaseState): Level | null {
  if (criticality >= MARKS.alert) return "alert";
  if (level === "alert" && criticality >= MARKS.calm) return "alert";
  if (criticality >= MARKS.open) return "watch";
  const nothing = Object.values(evidence).every(({ said }) => said === "wrong");
  return level !== null && !(nothing && criticality < MARKS.close) ? "watch" : null;
}

function speak(state: CaseState, kind: string | undefined): Finding | undefined {
  const all = Object.values(state.evidence).filter(({ said }) => said !== "wrong");
  const part = partOf(all);
  const lead = leadOf(all, part);
  if (state.level === null) {
    if (state.opened === null) return undefined;
    state.opened = null;
    const muted = state.mutedUntil !== null && (state.last ?? 0) < state.mutedUntil;
    return { active: false, level: "watch", score: 0, text: muted ? quiet : over };
  }
  // The last evidence is gone, the case still leaks: its last card stands.
  if (!lead) return undefined;
  const sure = sureness(all);
  return {
    active: true,
    level: state.level,
    score: sure,
    text: cardText({ part, kind, lead, count: all.length, sure }),
    onset: lead.onset ?? lead.since,
    ...(lead.value !== undefined && { value: lead.value }),
    ...(lead.limit !== undefined && { limit: lead.limit }),
    ...(part !== undefined && { part }),
    ...(lead.forecast !== undefined && { forecast: lead.forecast }),
  };
}

const quiet = { fr: "En sourdine : mise en service ou maintenance.", en: "Muted: commissioning or maintenance." };
const over = { fr: "Plus rien d'inhabituel sur cette machine.", en: "Nothing unusual on this machine any more." };
