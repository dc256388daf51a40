import { z } from "zod";
import type { AlarmDesign } from "../core/alarm.ts";
import type { Detector } from "../core/detector.ts";
import { ID_PATTERN, ID_REASON, type Machine, type Point, type PointId, signalOf } from "../core/point.ts";
import { sameText, type Text } from "../core/text.ts";
import { DURATION_REASON, MINUTE, type Ms, parseDuration, SECOND } from "../core/time.ts";
import type { DetectorPlugin, Site } from "../plugin.ts";
import type { AlarmSettings } from "./settings.ts";

const duration = z.string().transform((written, refusal): Ms => {
  const ms = parseDuration(written);
  if (ms !== undefined) return ms;
  refusal.addIssue({ code: "custom", message: DURATION_REASON });
  return z.NEVER;
});

const words = z
  .union([z.string().min(1), z.strictObject({ fr: z.string().min(1), en: z.string().min(1) })])
  .transform((given): Text => (typeof given === "string" ? sameText(given) : given));

const id = z.string().regex(ID_PATTERN, ID_REASON);

/** What every entry of `detectors:` may say; all its other keys belong to its detector. */
export const ruleHead = z.strictObject({
  id,
  type: z.string().describe("The kind of rule: the name of a file in gateway/detectors"),
  point: z.templateLiteral([z.string(), "/", z.string()]).optional().describe("machine/signal that it watches"),
  machine: id.optional().describe("The machine, for rules about a whole machine"),
  enabled: z.boolean().default(true),
  alone: z
    .boolean()
    .default(false)
    .describe("An alarm of its own, where its kind usually speaks through the machine's case"),
  name: words.optional().describe("A few words that go before the text of a message"),
  class: z
    .enum(["alarm", "notice", "event"])
    .optional()
    .describe("alarm: someone must act; notice: digest; event: history"),
  priority: z.enum(["high", "medium", "low"]).optional(),
  delay: z.strictObject({ on: duration.optional(), off: duration.optional() }).optional(),
  latch: z.boolean().optional().describe("Stays until it is reset"),
  ackRequired: z.boolean().optional().describe("Stays in the list until somebody has seen it"),
  resetImpliesAck: z.boolean().optional(),
  realarm: duration.optional().describe("Calls again when it still holds so long after the acknowledgement"),
  cause: words.optional(),
  consequence: words.optional(),
  action: words.optional().describe("What to do, in words for whoever stands at the machine"),
  suppress: z
    .strictObject({
      off: z.boolean().optional().describe("Quiet while the machine is off"),
      startup: duration.optional().describe("Quiet so long after the machine began to run"),
      parents: z.array(id).max(20).optional().describe("Quiet while one of these alarms is active"),
    })
    .optional(),
  policy: id.optional().describe("Escalation policy under `notices:`"),
});

export type RuleHead = z.output<typeof ruleHead>;

/** An entry of `detectors:` after both schemas, the head's and the detector's. */
export interface RuleEntry {
  readonly head: RuleHead;
  readonly options: unknown;
}

/** A rule ready to run. */
export interface Rule {
  readonly id: string;
  readonly type: string;
  readonly machine: string;
  readonly point?: PointId;
  readonly enabled: boolean;
  /** True when the site file says nothing about it. */
  readonly byDefault: boolean;
  readonly design: AlarmDesign;
  /** Weight in the machine's case; undefined for an alarm of its own. */
  readonly vote?: number;
  readonly options: unknown;
  readonly detector: Detector;
}

export interface RuleSources {
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly points: readonly Point[];
  readonly plugins: ReadonlyMap<string, DetectorPlugin>;
  readonly rules: readonly RuleEntry[];
  readonly settings?: Pick<AlarmSettings, "defaults">;
}

/** How an alarm behaves where nobody says anything. */
export const plainDesign: AlarmDesign = {
  class: "alarm",
  priority: "medium",
  delay: { on: 0, off: 0 },
  latch: false,
  ackRequired: true,
  resetImpliesAck: false,
  suppress: { off: false, startup: 0, parents: [] },
};

/** The rules of the site file, and those that every point and machine gets by default where the file says nothing. */
export function rulesOf(from: RuleSources): Rule[] {
  const written = from.rules.flatMap((entry) => writtenRule(from, entry));
  const taken = new Set(written.map((rule) => subject(rule.type, rule.machine, rule.point)));
  const usual = [...from.plugins].flatMap(([type, plugin]) => usualRules(from, type, plugin, taken));
  const names = new Set(written.map(({ id }) => id));
  return [...written, ...usual.filter(({ id }) => !names.has(id))];
}

/** The id of a default rule: `tour-2-oil_pressure-stale`. */
export const usualId = (type: string, machine: string, point?: PointId): string =>
  [machine, ...(point ? [signalOf(point)] : []), type].join("-");

const subject = (type: string, machine: string, point?: PointId) => `${type} ${point ?? machine}`;

function writtenRule(from: RuleSources, { head, options }: RuleEntry): Rule[] {
  const plugin = from.plugins.get(head.type);
  const point = from.points.find((p) => p.id === head.point);
  const machine = from.machines.get(point?.machine ?? head.machine ?? "");
  if (!plugin || !machine) throw new Error(`rule ${head.id}: no such type, point or machine`);
  return [built(from, head.type, plugin, machine, point, options, head)];
}

function usualRules(from: RuleSources, type: string, plugin: DetectorPlugin, taken: ReadonlySet<string>): Rule[] {
  const { byDefault } = plugin;
  const wanted = from.settings?.defaults;
  if (!byDefault || wanted === false || (wanted && !wanted.includes(type))) return [];
  const subjects =
    plugin.about === "machine"
      ? [...from.machines.values()].map((machine) => ({ machine, point: undefined }))
      : from.points.flatMap((point) => {
          const machine = from.machines.get(point.machine);
          return machine && !point.signal.detail ? [{ machine, point }] : [];
        });
  return subjects.flatMap(({ machine, point }) => {
    if (taken.has(subject(type, machine.id, point?.id))) return [];
    const context = contextOf(from, usualId(type, machine.id, point?.id), machine, point);
    const options = byDefault(context);
    return options === undefined ? [] : [built(from, type, plugin, machine, point, options)];
  });
}

function built(
  from: RuleSources,
  type: string,
  plugin: DetectorPlugin,
  machine: Machine,
  point: Point | undefined,
  options: unknown,
  head?: RuleHead,
): Rule {
  const id = head?.id ?? usualId(type, machine.id, point?.id);
  return {
    id,
    type,
    machine: machine.id,
    ...(point && { point: point.id }),
    enabled: head?.enabled ?? true,
    byDefault: head === undefined,
    design: designOf(plugin, head),
    ...(plugin.vote !== undefined && !head?.alone && { vote: plugin.vote }),
    options,
    detector: plugin.create(options, contextOf(from, id, machine, point)),
  };
}

const contextOf = (from: RuleSources, id: string, machine: Machine, point: Point | undefined) => ({
  id,
  site: from.site,
  machine,
  point,
  points: from.points.filter((p) => p.machine === machine.id),
});

function designOf({ design }: DetectorPlugin, head?: RuleHead): AlarmDesign {
  const base = { ...plainDesign, ...design };
  const { delay, suppress } = head ?? {};
  const said: Partial<AlarmDesign> = head ? pick(head) : {};
  const whole = { ...base, ...said };
  return {
    ...whole,
    ackRequired: said.ackRequired ?? design?.ackRequired ?? whole.class === "alarm",
    delay: { on: delay?.on ?? base.delay.on, off: delay?.off ?? base.delay.off },
    suppress: {
      off: suppress?.off ?? base.suppress.off,
      startup: suppress?.startup ?? base.suppress.startup,
      parents: suppress?.parents ?? base.suppress.parents,
    },
  };
}

/** The plain fields that the head says itself. */
function pick(head: RuleHead): Partial<AlarmDesign> {
  const { id: _, type, point, machine, enabled, alone, delay, suppress, ...rest } = head;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

/** After a suppression ends, an alarm waits so long before it speaks again. */
export const settleTime = (design: AlarmDesign): Ms => Math.max(design.delay.on, 30 * SECOND);

/** How long an alarm may stay on the shelf. */
export const longestShelf = { high: 8 * 60 * MINUTE, medium: 7 * 24 * 60 * MINUTE, low: 7 * 24 * 60 * MINUTE } as const;
