import type { AlarmDesign } from "../core/alarm.ts";
import type { Finding, Forecast, Level, Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import { type Machine, type PointId, pointId } from "../core/point.ts";
import { good, type Reading } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import { type EpochMs, steadyMs } from "../core/time.ts";
import { type CaseState, caseStep, newCase } from "./case/course.ts";
import { type Evidence, leadOf, partOf, sureness } from "./case/evidence.ts";
import { partCard } from "./case/parts.ts";
import { type Health, healthOf } from "./health.ts";
import type { AlarmRule } from "./record.ts";
import type { Verdict } from "./verdict.ts";

/** An open case as pages and back-tests see it. */
export interface MachineCase {
  /** `tour-2-3`: the machine's third. */
  readonly id: string;
  readonly machine: string;
  readonly level: Level;
  readonly opened: EpochMs;
  readonly sure: number;
  readonly part?: string;
  /** The point of the evidence that speaks for it. */
  readonly point?: PointId;
  readonly text: Text;
  readonly checks: readonly Text[];
  readonly forecast?: Forecast | null;
  readonly evidence: readonly Evidence[];
}

/**
 * One case per machine: the findings of voting rules go in, the case's own finding comes out at heartbeats, as the
 * alarm `case-<machine>`. Repeats merge into it. Pure but for what it remembers, and that is saved and restored as JSON.
 */
export interface Cases {
  readonly rules: readonly AlarmRule[];
  finding(
    rule: { id: string; type: string; machine: string; vote?: number },
    finding: Finding,
    entry: Entry<{ t: EpochMs }>,
    around: Surroundings,
  ): void;
  tick(entry: Entry<Reading>): { machine: string; finding: Finding }[];
  /** The health of every machine as points `<machine>/health`. */
  readings(t: EpochMs): Reading[];
  health(machine: string, now: EpochMs): Health;
  list(): MachineCase[];
  /** Nothing is said of the machine for so long: commissioning, maintenance. 0 ends it. */
  mute(machine: string, ms: number): void;
  /** A person's word on the open case. The evidence it was about, for the verdict book. */
  verdict(machine: string, verdict: Verdict): readonly Evidence[];
  save(): Readonly<Record<string, CaseState>>;
  restore(saved: Readonly<Record<string, CaseState>>): void;
}

export function createCases(machines: ReadonlyMap<string, Machine>): Cases {
  const states = new Map([...machines.keys()].map((id) => [id, newCase()]));
  const feed = (machine: string, input: Parameters<typeof caseStep>[1]) => {
    const step = caseStep(states.get(machine) ?? newCase(), input, machines.get(machine)?.kind);
    states.set(machine, step.state);
    return step.finding;
  };
  const heard = (machine: string) =>
    Object.values(states.get(machine)?.evidence ?? {}).filter(({ said }) => said !== "wrong");
  const health = (machine: string, now: EpochMs) => healthOf(heard(machine), now);

  return {
    rules: [...machines.keys()].map((machine) => ruleOf(machine)),
    finding({ id, type, machine, vote }, finding, entry, around) {
      if (vote === undefined) return;
      feed(machine, { kind: "found", rule: { id, type, vote }, finding, t: entry.item.t, state: around.state });
    },
    tick(entry) {
      return [...states.keys()].flatMap((machine) => {
        const finding = feed(machine, { kind: "beat", t: entry.item.t, steady: entry.steady });
        return finding ? [{ machine, finding }] : [];
      });
    },
    readings: (t) =>
      [...states.keys()].map((machine) => good(pointId(machine, "health"), t, health(machine, t).health)),
    health,
    list: () =>
      [...states].flatMap(([machine, state]) => shown(machine, state, heard(machine), machines.get(machine)?.kind)),
    mute(machine, ms) {
      const now = states.get(machine)?.last ?? 0;
      feed(machine, { kind: "mute", until: ms > 0 ? steadyMs(now + ms) : null });
    },
    verdict(machine, verdict) {
      const about = heard(machine);
      feed(machine, { kind: "verdict", verdict });
      return about;
    },
    save: () => Object.fromEntries(states),
    restore(saved) {
      for (const machine of states.keys()) {
        if (Object.hasOwn(saved, machine)) states.set(machine, { ...newCase(), ...saved[machine] });
      }
    },
  };
}

function shown(machine: string, state: CaseState, all: readonly Evidence[], kind: string | undefined): MachineCase[] {
  const part = partOf(all);
  const lead = leadOf(all, part);
  if (state.level === null || state.opened === null || !lead) return [];
  return [
    {
      id: `${machine}-${state.number}`,
      machine,
      level: state.level,
      opened: state.opened,
      sure: sureness(all),
      text: lead.text,
      checks: partCard(part, kind).checks,
      evidence: all,
      ...(part !== undefined && { part }),
      ...(lead.point !== undefined && { point: lead.point }),
      ...(lead.forecast !== undefined && { forecast: lead.forecast }),
    },
  ];
}

/** The alarm through which the case of that machine speaks. */
export const caseRuleId = (machine: string): string => `case-${machine}`;

const ruleOf = (machine: string): AlarmRule => ({
  id: caseRuleId(machine),
  type: "case",
  machine,
  enabled: true,
  design,
});

const design: AlarmDesign = {
  name: { fr: "Machine à contrôler", en: "Machine needs a look" },
  class: "alarm",
  priority: "medium",
  // The case has its own persistence: its counter.
  delay: { on: 0, off: 0 },
  latch: false,
  ackRequired: true,
  resetImpliesAck: false,
  suppress: { off: false, startup: 0, parents: [] },
};
