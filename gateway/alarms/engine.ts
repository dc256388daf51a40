import { createHash } from "node:crypto";
import type { Logger } from "pino";
import { z } from "zod";
import { ActionRefused, type Alarm, type AlarmAction, type AlarmEvent, type Alarms } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import type { Cells, Entry, Follower, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { AlarmOffice, MachineHealth } from "../core/office.ts";
import type { Machine, Point } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { type Clock, type EpochMs, epochMs, HOUR, type Ms, steadyMs } from "../core/time.ts";
import type { DetectorPlugin, Site } from "../plugin.ts";
import { caseRuleId, createCases, type MachineCase } from "./case.ts";
import { createDerived } from "./derived.ts";
import type { Learned } from "./learned.ts";
import { shown } from "./lifecycle.ts";
import { createOffice } from "./office.ts";
import { type AlarmRecord, alarmOf, listed, parseRecord } from "./record.ts";
import { plainDesign, type Rule, type RuleEntry, rulesOf } from "./rule.ts";
import type { AlarmSettings } from "./settings.ts";
import { createWatch, type Watch } from "./watch.ts";

export interface EngineParts {
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly points: readonly Point[];
  readonly plugins: ReadonlyMap<string, DetectorPlugin>;
  /** The list `detectors:` of the site file. */
  readonly rules: readonly RuleEntry[];
  readonly settings: AlarmSettings;
  readonly log: Log<Reading>;
  /** For the quality figures, which look back. */
  readonly notices?: Log<AlarmEvent>;
  readonly cells: Cells;
  readonly clock: Clock;
  readonly meters: Meters;
  readonly say: Logger;
  /** Where readings go that the engine itself makes (machine states, health). */
  emit(readings: readonly Reading[]): void;
}

export interface Engine extends Follower<Reading>, Alarms, AlarmOffice {
  readonly bursts: Follower<Burst>;
  /** The points that it makes itself: state and health of every machine. */
  readonly points: readonly Point[];
  /** The open case of every machine that has one. */
  cases(): readonly MachineCase[];
  machineView(machine: string): MachineHealth;
  /** Writes down what the detectors have learned, so that the next start need not replay. */
  close(): Promise<void>;
}

const NAME = "alarms";
/** What detectors have learned is written this often; after a crash the rest is replayed from the log. */
const CHECKPOINT_EVERY: Ms = HOUR;
const REPLAY_BATCH = 5_000;
/** Without a checkpoint, detectors learn again from so many of the newest entries. */
const REPLAY_MOST = 500_000;

/** Runs the rules over the readings log. An alarm, the engine's place in the log and the notices move in one transaction. */
export async function openEngine(parts: EngineParts): Promise<Engine> {
  const rules = rulesOf(parts);
  warnOfParents(rules, parts.say);
  const cases = createCases(parts.machines);
  const derived = createDerived(parts.machines, parts.points, cases);
  const watch = createWatch({ ...parts, rules, cases });
  const fresh = await restore(parts, rules, watch);
  const orphans = watch.desk.load(fresh.records);
  const books = openBooks(parts, rules, watch);
  const relived = Promise.withResolvers<void>();
  let seen: number | undefined;
  let burstSeen = 0;
  let checkpointAt = Number.POSITIVE_INFINITY;

  /** Everything between the last checkpoint and our place in the log, once, before the first entry is judged. */
  const relive = async (upTo: number) => {
    for (let at = Math.max(fresh.seq, upTo - REPLAY_MOST); at < upTo; ) {
      const batch = (await parts.log.after(at, REPLAY_BATCH)).filter((entry) => entry.seq <= upTo);
      if (batch.length === 0) break;
      for (const entry of batch) watch.relive(entry);
      at = batch.at(-1)?.seq ?? upTo;
    }
    office.resume();
    const out: AlarmEvent[] = [];
    watch.awake(fresh.doubtful, parts.settings.restartWindow, out);
    seen = upTo;
    relived.resolve();
    return out;
  };

  const act = async (id: string, action: AlarmAction): Promise<Alarm> => {
    if (seen === undefined) throw new ActionRefused("not-now", "the gateway is still starting");
    const out: AlarmEvent[] = [];
    const alarm = watch.desk.act(id, action, watch.now(), out);
    await books.write(out);
    return alarm;
  };
  const { site, cells, log, notices } = parts;
  const office = createOffice({ site, cells, log, notices, rules, watch, cases, act });
  await office.load();

  const judged = parts.meters.counter("alarms_readings_total", "Readings that went through the rules");

  return {
    name: NAME,
    ordered: true,
    ...office,
    async apply(batch) {
      const first = batch[0];
      if (!first) return;
      const out: AlarmEvent[] = [];
      if (seen === undefined) {
        out.push(...(await relive(first.seq - 1)));
        await books.retire(orphans, first.item.t);
      }
      for (const entry of batch) {
        if (entry.seq <= (seen ?? 0)) continue;
        watch.step(entry, out);
        seen = entry.seq;
        judged.value++;
      }
      const { t, steady } = watch.now();
      const due = steady >= checkpointAt;
      if (due || checkpointAt === Number.POSITIVE_INFINITY) checkpointAt = steady + CHECKPOINT_EVERY;
      await books.write(out, seen, due);
      const own = derived.due(watch, { t, steady });
      if (own.length > 0) parts.emit(own);
    },
    bursts: {
      name: `${NAME}-bursts`,
      ordered: true,
      async apply(batch: readonly Entry<Burst>[]) {
        await relived.promise;
        const out: AlarmEvent[] = [];
        for (const entry of batch) {
          if (entry.seq <= burstSeen) continue;
          watch.burst(entry, out);
          burstSeen = entry.seq;
        }
        await books.write(out);
      },
    },
    list: () => watch.desk.list(),
    get: (id) => watch.desk.get(id),
    act,
    points: derived.points,
    cases: () => cases.list(),
    machineView(machine) {
      const { health, reasons } = cases.health(machine, watch.now().t);
      const learning = watch.learning(machine);
      return { state: watch.around(machine).state, health, reasons: reasons.map(({ text }) => text), learning };
    },
    async close() {
      if (seen !== undefined) await books.write([], seen, true);
    },
  };
}

interface Fresh {
  /** Where the last checkpoint stands in the log. */
  seq: number;
  records: readonly AlarmRecord[];
  /** Whether the detector behind that rule starts anew, so that nobody knows whether its alarm still holds. */
  doubtful(rule: string): boolean;
}

const checkpoint = z.object({
  seq: z.int().nonnegative(),
  t: z.number(),
  steady: z.number(),
  bad: z.record(z.string(), z.string()),
  silenced: z.record(z.string(), z.string()).default({}),
});
const learnedRule = z.object({ print: z.string(), state: z.unknown() });

async function restore({ cells, say }: EngineParts, rules: readonly Rule[], watch: Watch): Promise<Fresh> {
  const [alarms, states, machines, cases, places] = await Promise.all([
    cells.load("alarm"),
    cells.load("detector"),
    cells.load("machine-state"),
    cells.load("case"),
    cells.load("alarms-checkpoint"),
  ]);
  const place = checkpoint.safeParse(places.get(NAME)).data;
  const learned = new Map<string, unknown>();
  for (const rule of rules) {
    const kept = learnedRule.safeParse(states.get(rule.id)).data;
    if (place && kept?.print === printOf(rule)) learned.set(rule.id, kept.state);
  }
  if (place)
    watch.restore({
      rules: Object.fromEntries(learned),
      machines: Object.fromEntries(machines) as Learned["machines"],
      cases: Object.fromEntries(cases) as Learned["cases"],
      bad: place.bad as Learned["bad"],
      silenced: place.silenced,
      moment: { t: epochMs(place.t), steady: steadyMs(place.steady) },
    });
  const knownCases = new Set([...cases.keys()].map(caseRuleId));
  const records = [...alarms].flatMap(([id, cell]) => {
    const record = parseRecord(cell);
    if (!record) say.warn(`alarm ${id}: its record on disk is damaged, it starts anew`);
    return record ? [record] : [];
  });
  return { seq: place?.seq ?? 0, records, doubtful: (rule) => !learned.has(rule) && !(place && knownCases.has(rule)) };
}

/** A rule that was edited learns anew. */
const printOf = (rule: Rule): string =>
  createHash("sha256")
    .update(JSON.stringify([rule.type, rule.machine, rule.point, rule.options]))
    .digest("base64url");

/** What still has to reach the disk. A failed commit keeps everything for the next one. */
function openBooks({ cells, say }: EngineParts, rules: readonly Rule[], watch: Watch) {
  const prints = new Map(rules.map((rule) => [rule.id, printOf(rule)]));
  let notices: AlarmEvent[] = [];
  let last: Promise<void> = Promise.resolve();

  const commit = async (seq: number | undefined, withLearned: boolean) => {
    const taken = notices;
    const ids = [...watch.desk.touched];
    if (taken.length === 0 && ids.length === 0 && !withLearned) return;
    notices = [];
    watch.desk.touched.clear();
    const records = ids.map((id) => ({
      kind: "alarm",
      key: id,
      value: structuredClone(watch.desk.records.get(id) ?? null),
    }));
    const cellsNow = withLearned && seq !== undefined ? [...records, ...learnedCells(watch, prints, seq)] : records;
    try {
      await cells.commit({
        cells: cellsNow,
        ...(taken.length > 0 && { notices: taken }),
        ...(seq !== undefined && { cursor: { follower: NAME, seq } }),
        urgent: taken.length > 0,
      });
    } catch (error) {
      notices = [...taken, ...notices];
      for (const id of ids) watch.desk.touched.add(id);
      throw error;
    }
    for (const { alarm, from, to } of taken) say.info(`alarm ${alarm.id}: ${from} → ${to}: ${alarm.text.en}`);
  };

  return {
    /** In the order of the calls, one at a time. */
    write(events: readonly AlarmEvent[], seq?: number, withLearned = false): Promise<void> {
      notices.push(...events);
      const mine = last.then(() => commit(seq, withLearned));
      last = mine.catch(() => undefined);
      return mine;
    },
    /** Alarms of rules that are no longer in the site file are over. */
    retire(orphans: readonly AlarmRecord[], t: EpochMs): Promise<void> {
      notices.push(...orphans.filter(listed).map((record) => gone(record, t)));
      for (const { id } of orphans) watch.desk.touched.add(id);
      return this.write([]);
    },
  };
}

function gone(record: AlarmRecord, t: EpochMs): AlarmEvent {
  const rule = { id: record.rule, type: "", machine: record.machine, enabled: true, design: plainDesign };
  const alarm: Alarm = { ...alarmOf(record, rule), state: "normal", active: false };
  return {
    t,
    alarm,
    from: shown(record.life),
    to: "normal",
    by: "system",
    reason: "rule removed",
    quality: "good",
    annunciated: false,
  };
}

/** A parent that does not exist would never keep anybody quiet. */
function warnOfParents(rules: readonly Rule[], say: Logger): void {
  const names = new Set(rules.map(({ id }) => id));
  for (const { id, design } of rules)
    for (const parent of design.suppress.parents)
      if (!names.has(parent)) say.warn(`rule ${id}: its parent ${parent} is no rule of this site`);
}

function learnedCells(watch: Watch, prints: ReadonlyMap<string, string>, seq: number) {
  // A copy: the detectors go on with theirs while this is on its way to the disk.
  const { rules, machines, cases, bad, silenced, moment } = structuredClone(watch.save());
  return [
    ...Object.entries(rules).map(([id, state]) => ({
      kind: "detector",
      key: id,
      value: { print: prints.get(id), state },
    })),
    ...Object.entries(machines).map(([id, value]) => ({ kind: "machine-state", key: id, value })),
    ...Object.entries(cases).map(([id, value]) => ({ kind: "case", key: id, value })),
    { kind: "alarms-checkpoint", key: NAME, value: { seq, bad, silenced, ...moment } },
  ];
}
