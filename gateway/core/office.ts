import type { Alarm, AlarmAction, AlarmDesign } from "./alarm.ts";
import type { Learning, MachineState } from "./detector.ts";
import type { FaultCode } from "./fault.ts";
import type { Delivery } from "./notice.ts";
import type { PointId } from "./point.ts";
import type { Quality } from "./reading.ts";
import type { Text } from "./text.ts";
import type { EpochMs, Ms } from "./time.ts";

/** A rule as pages list it. */
export interface RuleView {
  readonly id: string;
  readonly type: string;
  readonly machine: string;
  readonly point?: PointId;
  readonly enabled: boolean;
  /** True when the site file says nothing about it. */
  readonly byDefault: boolean;
  /** Speaks through the machine's case instead of an alarm of its own. */
  readonly votes: boolean;
  readonly design: AlarmDesign;
  readonly options: unknown;
}

/** "Why is this not firing?": everything that decides about a rule, in one view. */
export interface Explanation {
  readonly rule: RuleView;
  /** The answer in one sentence. */
  readonly answer: Text;
  readonly machineState: MachineState;
  readonly inputs: readonly {
    point: PointId;
    t: EpochMs | null;
    value: number | null;
    quality: Quality;
    why?: FaultCode;
  }[];
  /** Its alarms, the normal ones too. */
  readonly alarms: readonly Alarm[];
  /** Why it would be quiet now. */
  readonly suppression: readonly string[];
  readonly timers: readonly { alarm: string; timer: string; left: Ms }[];
  /** How far it is with learning; null when it has learned enough, left out where nothing is learned. */
  readonly learning?: Learning | null;
  /** What the detector has learned so far. */
  readonly learned: unknown;
}

/** What a machine does and how well it is, as the engine knows it. */
export interface MachineHealth {
  readonly state: MachineState;
  /** 0 … 100. */
  readonly health: number;
  readonly reasons: readonly Text[];
  /** How far its slowest learner is; null when all have learned enough. */
  readonly learning: Learning | null;
}

/** How good the alarms are, beside what EEMUA 191 and ISA-18.2 ask for. */
export interface AlarmQuality {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly annunciated: number;
  readonly perDay: number;
  /** Most within ten minutes. */
  readonly peak: number;
  readonly floods: readonly { from: EpochMs; to: EpochMs; alarms: number }[];
  /** Alarms that came three times within a minute. */
  readonly chattering: readonly { alarm: string; times: number }[];
  /** Blips that a delay kept from people. */
  readonly fleetingAvoided: number;
  /** Active for more than 24 h. */
  readonly stale: readonly Alarm[];
  readonly priorities: Readonly<Record<"high" | "medium" | "low", number>>;
  readonly top: readonly { rule: string; count: number; share: number; precision: number | null }[];
  readonly topShare: number;
  readonly people: readonly { person: string; perDay: number; wakeUps: number }[];
  readonly proposals: readonly AlarmProposal[];
  readonly targets: typeof alarmTargets;
}

/** A concrete change to a rule of the site file. */
export interface AlarmProposal {
  readonly rule: string;
  /** `delay.on`, `deadband`, `suppress.off` … */
  readonly option: string;
  readonly to: string | number | boolean;
  readonly why: Text;
}

/** What makes a proposed change: edits of the site file, as `POST /config/edit` takes them. */
export interface RuleEdits {
  readonly edits: readonly {
    readonly path: readonly (string | number)[];
    readonly value: unknown;
    readonly add?: true;
  }[];
}

/** Ours beside theirs: theirs are for control rooms with somebody always there. */
export const alarmTargets = {
  noticesPerPersonAndDay: 5,
  wakeUpsPerWeek: 1,
  eemuaPerDay: 144,
  eemuaPeakPer10Min: 10,
  stale: 5,
  topTenShare: 0.05,
} as const;

/** Planned maintenance: the machine says nothing meanwhile. */
export interface Maintenance {
  readonly machine: string;
  readonly until: EpochMs;
  readonly by: string;
  readonly reason: string;
}

/** A person's word on a machine's open case. */
export interface CaseVerdict {
  readonly machine: string;
  readonly verdict: "right" | "wrong" | "known";
  readonly by: string;
  readonly comment?: string;
}

/** What pages may ask about the alarms beyond the list, and do to many at once. */
export interface AlarmOffice {
  readonly rules: readonly RuleView[];
  explain(rule: string): Explanation | undefined;
  quality(from: EpochMs, to: EpochMs, deliveries: readonly Delivery[]): Promise<AlarmQuality>;
  /** The same hand on every alarm of a machine that it fits; the alarms that moved. */
  actAll(machine: string, action: AlarmAction): Promise<readonly Alarm[]>;
  maintenance(): readonly Maintenance[];
  /** `until` in the past, or now, ends it. */
  maintain(maintenance: Maintenance): Promise<void>;
  /** Changes to rules that would have avoided a wrong case. */
  judge(verdict: CaseVerdict): Promise<readonly AlarmProposal[]>;
}
