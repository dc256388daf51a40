import { z } from "zod";
import { ActionRefused, type Alarm, type AlarmAction, type AlarmEvent, actOnEach } from "../core/alarm.ts";
import type { Cells, Log } from "../core/log.ts";
import type { AlarmOffice, Maintenance } from "../core/office.ts";
import type { Reading } from "../core/reading.ts";
import { placeBefore } from "../core/rewind.ts";
import { type EpochMs, epochMs, steadyMs } from "../core/time.ts";
import { localTime } from "../core/zone.ts";
import type { Site } from "../plugin.ts";
import type { Cases } from "./case.ts";
import { explained, viewOf } from "./explain.ts";
import { noiseOf } from "./noise.ts";
import { qualityOf } from "./quality.ts";
import type { Rule } from "./rule.ts";
import { type GivenVerdict, precisions, proposals } from "./verdict.ts";
import type { Watch } from "./watch.ts";

export interface OfficeParts {
  readonly site: Site;
  readonly rules: readonly Rule[];
  readonly watch: Watch;
  readonly cases: Cases;
  readonly cells: Cells;
  readonly log: Log<Reading>;
  readonly notices: Log<AlarmEvent> | undefined;
  act(id: string, action: AlarmAction): Promise<Alarm>;
}

export interface Office extends AlarmOffice {
  /** Planned maintenance and verdicts from before the start. */
  load(): Promise<void>;
  /** Puts maintenance that still lasts back on the machines, once the time is known. */
  resume(): void;
}

/** At most so many events and readings are looked at for one page. */
const MOST_EVENTS = 50_000;
const MOST_READINGS = 20_000;
const NIGHT = { from: 22, to: 6 } as const;

/** One desk per subject: rules, figures, hands on many alarms, planned maintenance, verdicts on cases. */
export function createOffice(parts: OfficeParts): Office {
  const { rules, watch } = parts;
  const maintenance = maintenanceDesk(parts);
  const verdicts = verdictDesk(parts);
  return {
    rules: rules.map(viewOf),
    explain(id) {
      const rule = rules.find((one) => one.id === id);
      return rule && explained(rule, watch);
    },
    quality: figures(parts, verdicts.given),
    actAll: (machine, action) => handOnAll(parts, machine, action),
    maintenance: maintenance.list,
    maintain: maintenance.plan,
    judge: verdicts.judge,
    load: async () => void (await Promise.all([maintenance.load(), verdicts.load()])),
    resume: maintenance.resume,
  };
}

/** The quality of the alarms over a stretch of time. */
function figures(parts: OfficeParts, given: readonly GivenVerdict[]): AlarmOffice["quality"] {
  const { watch, site } = parts;
  const local = localTime(site.timezone);
  const wakes = (t: EpochMs) => {
    const hour = new Date(local(t)).getUTCHours();
    return hour >= NIGHT.from || hour < NIGHT.to;
  };
  return async (asked, to, deliveries) => {
    // A rate counts the time in which somebody watched: a box of two days has no month to be measured by.
    const from = epochMs(Math.min(to, Math.max(asked, await watchedSince(parts))));
    const events = await eventsOf(parts.notices, from, to);
    return qualityOf({
      changeable: new Set(parts.rules.map(({ id }) => id)),
      ...{ from, to, events, deliveries, wakes },
      alarms: watch.desk.list(),
      fleeting: watch.desk.fleeting.between(from, to),
      precisions: precisions(given),
      noise: await noiseByRule(parts),
    });
  };
}

/** Does to every alarm of the machine what it can bear. */
function handOnAll(parts: OfficeParts, machine: string, action: AlarmAction): Promise<Alarm[]> {
  const ofMachine = parts.watch.desk.list("expert").filter((alarm) => alarm.machine === machine);
  return actOnEach(
    parts,
    ofMachine.map(({ id }) => id),
    action,
  );
}

const maintenanceCell = z.object({
  machine: z.string(),
  until: z.number().transform(epochMs),
  by: z.string(),
  reason: z.string(),
  steadyUntil: z.number(),
});
type Planned = Maintenance & { steadyUntil: number };

/** While maintenance is planned its machine says nothing; kept by steady time, so that a set clock does not end it. */
function maintenanceDesk({ watch, cells }: OfficeParts) {
  const planned = new Map<string, Planned>();
  return {
    list: (): Maintenance[] =>
      [...planned.values()].filter((one) => one.steadyUntil > watch.now().steady).map(maintenanceOf),
    async plan(maintenance: Maintenance): Promise<void> {
      const { t, steady } = watch.now();
      const one = { ...maintenance, steadyUntil: steady + Math.max(0, maintenance.until - t) };
      planned.set(one.machine, one);
      watch.maintain(one.machine, steadyMs(one.steadyUntil));
      await cells.commit({ cells: [{ kind: "maintenance", key: one.machine, value: one }] });
    },
    async load(): Promise<void> {
      for (const [machine, cell] of await cells.load("maintenance")) {
        const parsed = maintenanceCell.safeParse(cell).data;
        if (parsed) planned.set(machine, parsed);
      }
    },
    resume(): void {
      for (const one of planned.values()) watch.maintain(one.machine, steadyMs(one.steadyUntil));
    },
  };
}

const maintenanceOf = ({ machine, until, by, reason }: Planned): Maintenance => ({ machine, until, by, reason });

const verdictCell = z.looseObject({
  case: z.string(),
  machine: z.string(),
  verdict: z.enum(["right", "wrong", "known"]),
  by: z.string(),
  t: z.number().transform(epochMs),
  evidence: z.array(z.looseObject({ rule: z.string() })),
}) as unknown as z.ZodType<GivenVerdict>;

/** What people said of cases: the source of every rule's precision, and of what to change when a case was wrong. */
function verdictDesk({ cases, cells, watch }: OfficeParts) {
  const given: GivenVerdict[] = [];
  const judge: AlarmOffice["judge"] = async ({ machine, verdict, by, comment }) => {
    const open = cases.list().find((one) => one.machine === machine);
    if (!open) throw new ActionRefused("not-now", `${machine} has no open case`);
    const { t } = watch.now();
    const evidence = cases.verdict(machine, verdict);
    const said = { case: open.id, machine, verdict, by, t, evidence };
    const word: GivenVerdict = { ...said, ...(comment !== undefined && { comment }) };
    given.push(word);
    await cells.commit({ cells: [{ kind: "verdict", key: `${open.id} ${t}`, value: word }] });
    if (verdict !== "wrong") return [];
    return proposals(word, t - open.opened).map(({ rule, change, text }) => ({
      rule,
      option: change.option,
      to: change.to,
      why: text,
    }));
  };
  return {
    given,
    judge,
    async load(): Promise<void> {
      for (const cell of (await cells.load("verdict")).values()) {
        const parsed = verdictCell.safeParse(cell).data;
        if (parsed) given.push(parsed);
      }
    },
  };
}

/** The oldest thing that is remembered, of readings and of alarms. */
async function watchedSince({ log, notices, watch }: OfficeParts): Promise<EpochMs> {
  const oldest = await Promise.all([log, notices].map((one) => one?.after(one.head().oldest - 1, 1)));
  const times = oldest.flatMap((entries) => entries?.[0]?.item.t ?? []);
  return epochMs(Math.min(watch.now().t, ...times));
}

async function eventsOf(log: Log<AlarmEvent> | undefined, from: EpochMs, to: EpochMs): Promise<AlarmEvent[]> {
  if (!log) return [];
  const events: AlarmEvent[] = [];
  const { newest, oldest } = log.head();
  for (let seq = Math.max(oldest - 1, placeBefore(log, newest, MOST_EVENTS)); seq < newest; ) {
    const batch = await log.after(seq, 1_000);
    if (batch.length === 0) break;
    for (const { item } of batch) if (item.t >= from && item.t < to) events.push(item);
    seq = batch.at(-1)?.seq ?? newest;
  }
  return events.sort((a, b) => a.t - b.t);
}

/** The noise of the points that limits watch, from the newest readings. */
async function noiseByRule({ log, rules }: OfficeParts): Promise<Map<string, number>> {
  const limits = rules.flatMap(({ id, type, point }) => (type === "limit" && point ? [[id, point] as const] : []));
  if (limits.length === 0) return new Map();
  const recent = await log.after(placeBefore(log, log.head().newest, MOST_READINGS), MOST_READINGS);
  const noise = noiseOf(recent, new Set(limits.map(([, point]) => point)));
  return new Map(
    limits.flatMap(([id, point]) => {
      const sigma = noise.get(point);
      return sigma === undefined ? [] : [[id, sigma]];
    }),
  );
}
