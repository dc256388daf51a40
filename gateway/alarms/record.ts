import { z } from "zod";
import type { Alarm, AlarmDesign } from "../core/alarm.ts";
import type { Finding, Forecast, Level } from "../core/detector.ts";
import { type PointId, signalOf } from "../core/point.ts";
import type { Quality } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import { type EpochMs, epochMs, type SteadyMs } from "../core/time.ts";
import { type Life, newborn, type Process, shown } from "./lifecycle.ts";
import { plainDesign } from "./rule.ts";

/** Now, by both clocks: `steady` for every duration, `t` for people. */
export interface Moment {
  readonly t: EpochMs;
  readonly steady: SteadyMs;
}

/** What an alarm needs to know of its rule, whether a detector, a case or the gateway itself stands behind it. */
export interface AlarmRule {
  readonly id: string;
  readonly type: string;
  readonly machine: string;
  readonly point?: PointId;
  readonly enabled: boolean;
  readonly design: AlarmDesign;
}

/** Steady times at which something is due. Kept on disk: a restart forgets no timer. */
export interface Timers {
  on?: number | undefined;
  off?: number | undefined;
  settle?: number | undefined;
  shelf?: number | undefined;
  realarm?: number | undefined;
  /** An alarm from before a restart that nobody has confirmed since is over then. */
  doubt?: number | undefined;
}

export type Advice = { readonly [K in "cause" | "consequence" | "action"]?: Text | undefined };

/** An alarm as it is kept: plain JSON, one cell each. */
export interface AlarmRecord {
  readonly id: string;
  readonly rule: string;
  readonly machine: string;
  point?: PointId | undefined;
  life: Life;
  /** The detector's own word, before delays. */
  raw: boolean;
  /** Whether it is about a measured value, which bad quality freezes, or about silence itself. */
  about: "value" | "silence";
  timers: Timers;
  /** Steady time at which its input went bad. */
  frozenAt?: number | undefined;
  quality: Quality;
  level: Level;
  since: EpochMs;
  text: Text;
  value?: number | undefined;
  limit?: number | undefined;
  part?: string | undefined;
  forecast?: Forecast | null | undefined;
  details?: Text | undefined;
  checks?: readonly Text[] | undefined;
  evidence?: readonly Text[] | undefined;
  /** What the rule behind a case's lead evidence says of cause, consequence and action. */
  advice?: Advice | undefined;
  ackedBy?: string | undefined;
  comment?: string | undefined;
  shelvedUntil?: EpochMs | undefined;
}

const text = z.object({ fr: z.string(), en: z.string() });
const epoch = z.number().transform(epochMs);
const steady = z.number().optional();

/** The door for what comes back from disk. */
const kept: z.ZodType<AlarmRecord> = z.object({
  id: z.string(),
  rule: z.string(),
  machine: z.string(),
  point: z.templateLiteral([z.string(), "/", z.string()]).optional(),
  life: z.object({
    process: z.enum(["normal", "pending", "unacked", "acked", "returned", "latched-unacked", "latched-acked"]),
    cond: z.boolean(),
    occurrence: z.int(),
    shelf: z.enum(["none", "timed", "oneshot"]),
    causes: z.array(z.enum(["machine-off", "start-up", "parent", "link", "sensor", "maintenance"])),
    settling: z.boolean(),
    oos: z.boolean(),
    enabled: z.boolean(),
    frozen: z.boolean(),
  }),
  raw: z.boolean(),
  about: z.enum(["value", "silence"]),
  timers: z.object({ on: steady, off: steady, settle: steady, shelf: steady, realarm: steady, doubt: steady }),
  frozenAt: steady,
  quality: z.enum(["good", "uncertain", "bad"]),
  level: z.enum(["watch", "alert"]),
  since: epoch,
  text,
  value: z.number().optional(),
  limit: z.number().optional(),
  part: z.string().optional(),
  forecast: z.object({ at: epoch, low: epoch, high: epoch }).nullish(),
  details: text.optional(),
  checks: z.array(text).optional(),
  evidence: z.array(text).optional(),
  advice: z.object({ cause: text.optional(), consequence: text.optional(), action: text.optional() }).optional(),
  ackedBy: z.string().optional(),
  comment: z.string().optional(),
  shelvedUntil: epoch.optional(),
});

/** The record that a cell holds, or undefined where the cell is damaged. */
export const parseRecord = (cell: unknown): AlarmRecord | undefined => kept.safeParse(cell).data;

/** `huile`, or `stale-oil_pressure` for a rule that watches several points. */
export const alarmId = (rule: AlarmRule, point?: PointId): string =>
  point === undefined || point === rule.point || rule.type === "case" ? rule.id : `${rule.id}-${signalOf(point)}`;

export function newRecord(rule: AlarmRule, finding: Finding, t: EpochMs): AlarmRecord {
  const point = finding.point ?? rule.point;
  return {
    id: alarmId(rule, finding.point),
    rule: rule.id,
    machine: rule.machine,
    ...(point && { point }),
    life: newborn,
    raw: false,
    about: "value",
    timers: {},
    quality: "good",
    level: finding.level,
    since: t,
    text: finding.text,
  };
}

/** Takes over what the finding says now. While nothing holds, the words of the last occurrence stay. */
export function describe(record: AlarmRecord, finding: Finding): void {
  if (!finding.active) return;
  record.text = finding.text;
  record.value = finding.value;
  record.limit = finding.limit;
  record.part = finding.part;
  record.forecast = finding.forecast;
  record.details = finding.details;
  record.checks = finding.checks;
  record.evidence = finding.evidence;
  record.point = finding.point ?? record.point;
}

/** The alarm as people and programs see it. */
export function alarmOf(record: AlarmRecord, { design, type }: AlarmRule): Alarm {
  const { life } = record;
  return defined<Alarm>({
    id: record.id,
    machine: record.machine,
    point: record.point,
    rule: record.rule,
    class: design.class,
    priority: design.priority,
    level: record.level,
    state: shown(life),
    active: life.cond,
    occurrence: life.occurrence,
    since: record.since,
    // A case says what it is about by itself.
    name: type === "case" ? undefined : design.name,
    text: record.text,
    value: record.value,
    limit: record.limit,
    part: record.part,
    forecast: record.forecast,
    cause: record.advice?.cause ?? design.cause,
    consequence: record.advice?.consequence ?? design.consequence,
    action: record.advice?.action ?? design.action ?? record.checks?.[0],
    details: record.details,
    checks: record.checks,
    evidence: record.evidence,
    ackedBy: record.ackedBy,
    comment: record.comment,
    shelvedUntil: record.shelvedUntil,
    policy: design.policy,
  });
}

/** Whether the alarm is worth a line in the list: something holds, or a person put a hand on it. */
export const listed = ({ life }: AlarmRecord): boolean =>
  life.process !== "normal" || life.shelf !== "none" || life.oos || !life.enabled;

export const isActive = (process: Process): boolean => process === "unacked" || process === "acked";

/** Stands behind the weekly drill, which must not depend on any rule of the site. */
export const fireDrill: AlarmRule = {
  id: "fire-drill",
  type: "drill",
  machine: "gateway",
  enabled: true,
  design: { ...plainDesign, name: { fr: "Exercice d'alerte", en: "Fire drill" } },
};

const defined = <T>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
