import { z } from "zod";
import type { Alarm, AlarmEvent, AlarmState } from "../core/alarm.ts";
import { DAY, type EpochMs, HOUR, type SteadyMs } from "../core/time.ts";
import { wallTime } from "./calendar.ts";
import { digestDue, drillDue } from "./daily.ts";
import { type Flood, floodAfter, noFlood } from "./flood.ts";
import type { NoticeSettings, Person } from "./settings.ts";
import { isQuiet, peopleFor, policyFor } from "./who.ts";

export interface Moment {
  readonly t: EpochMs;
  readonly steady: SteadyMs;
}

/** Something to tell one person. */
export interface Draft {
  readonly kind: "alarm" | "flood" | "summary" | "digest" | "well" | "test";
  readonly person: string;
  readonly alarms: readonly Alarm[];
  /** Only these channels. */
  readonly via?: readonly string[] | undefined;
}

/** Somebody is to come for this alarm, until it is acknowledged or over. */
interface Call {
  alarm: Alarm;
  opened: number;
  /** Steps of the policy already taken. */
  steps: number;
  told: string[];
  /** Those who know of it only through the one notice of a flood. */
  flooded: string[];
}

/** What the router remembers: plain JSON, kept on disk with its place in the log. */
export interface RouterState {
  calls: Record<string, Call>;
  /** Told to a person once the machine's group opens. */
  waiting: { person: string; alarm: string; via?: readonly string[] | undefined }[];
  /** Steady time at which a machine may speak again to a person, and when it last did: an escalation does not wait for others. */
  machines: Record<string, { last: number; next: number; high?: boolean }>;
  flood: Flood;
  /** Steady times of what each person was sent within the hour. */
  sent: Record<string, number[]>;
  /** Alarms that found no room under a person's cap. */
  capped: Record<string, string[]>;
  digest: Alarm[];
  digestDropped: number;
  digestDay: string;
  drillDay: string;
  tests: { alarm: Alarm; at: number }[];
}

const newRouter = (): RouterState => ({
  calls: {},
  waiting: [],
  machines: {},
  flood: noFlood,
  sent: {},
  capped: {},
  digest: [],
  digestDropped: 0,
  digestDay: "",
  drillDay: "",
  tests: [],
});

/** The door for what comes back from disk: what does not look like a router at all starts anew. */
const kept = z.looseObject({
  calls: z.record(z.string(), z.looseObject({ opened: z.number(), steps: z.int(), told: z.array(z.string()) })),
  waiting: z.array(z.looseObject({ person: z.string(), alarm: z.string() })),
  flood: z.looseObject({ recent: z.array(z.number()), told: z.array(z.string()) }),
  digest: z.array(z.looseObject({ id: z.string() })),
  digestDay: z.string(),
});

export const routerFrom = (cell: unknown): RouterState =>
  kept.safeParse(cell).success ? { ...newRouter(), ...(cell as RouterState) } : newRouter();

const MOST_CALLS = 5_000;
const MOST_IN_DIGEST = 500;

/** States in which nobody needs to come any more. */
const over: ReadonlySet<AlarmState> = new Set<AlarmState>([
  "normal",
  "acked",
  "returned",
  "latched-acked",
  "shelved",
  "suppressed",
  "out-of-service",
  "disabled",
]);

/** Takes an event in. True when it changed anything that is to be remembered. */
export function hear(state: RouterState, event: AlarmEvent, now: Moment): boolean {
  const { alarm } = event;
  const known = state.calls[alarm.id];
  if (event.test) state.tests.push({ alarm, at: now.steady });
  else if (over.has(event.to)) drop(state, alarm.id);
  else if (known) known.alarm = alarm;
  const raised = !event.test && event.to === "unacked" && alarm.level === "alert";
  const digested = raised && (alarm.class === "notice" || (alarm.class === "alarm" && alarm.priority === "low"));
  if (digested) inDigest(state, alarm);
  else if (event.annunciated && !event.test) open(state, alarm, now);
  return known !== undefined || digested || event.annunciated;
}

/** Everything that is to be said now, and no earlier. */
export function due(
  state: RouterState,
  settings: NoticeSettings,
  timezone: string,
  now: Moment,
  standing: () => readonly Alarm[],
): Draft[] {
  const flood = floodAfter(state.flood, Object.keys(state.calls).length, now.steady);
  const began = flood.since !== null && state.flood.since === null;
  const ended = flood.since === null && state.flood.since !== null;
  state.flood = flood;
  const asked = [...(began ? state.waiting.splice(0) : []), ...escalate(state, settings, timezone, now)];
  if (flood.since !== null) return [...tests(state, settings, timezone, now), ...inFlood(state, asked)];
  if (ended) state.waiting.push(...rest(state));
  // Who sleeps through a repetition waits for that alarm once, not twice.
  const waits = new Set(state.waiting.map(({ person, alarm }) => `${person} ${alarm}`));
  state.waiting.push(...asked.filter(({ person, alarm }) => !waits.has(`${person} ${alarm}`)));
  const drafts = [...tests(state, settings, timezone, now), ...grouped(state, settings, timezone, now)];
  return [...capped(state, settings, drafts, now), ...daily(state, settings, timezone, now, standing)];
}

function drop(state: RouterState, alarm: string): void {
  delete state.calls[alarm];
  state.waiting = state.waiting.filter((one) => one.alarm !== alarm);
}

function open(state: RouterState, alarm: Alarm, now: Moment): void {
  state.flood = { ...state.flood, recent: [...state.flood.recent.slice(-600), now.steady] };
  if (Object.keys(state.calls).length >= MOST_CALLS) return;
  state.calls[alarm.id] = { alarm, opened: now.steady, steps: 0, told: [], flooded: [] };
}

function inDigest(state: RouterState, alarm: Alarm): void {
  if (state.digest.length < MOST_IN_DIGEST) state.digest.push(alarm);
  else state.digestDropped++;
}

/** Who is to be told of what, by the steps that have fallen due. Nobody twice in one round. */
function escalate(state: RouterState, settings: NoticeSettings, timezone: string, now: Moment): RouterState["waiting"] {
  const asked: RouterState["waiting"] = [];
  for (const [id, call] of Object.entries(state.calls)) {
    const { steps } = policyFor(settings, call.alarm, call.alarm.policy);
    if (call.steps >= steps.length && now.steady - call.opened >= settings.group.repeat) {
      Object.assign(call, { opened: now.steady, steps: 0, told: [], flooded: [] });
    }
    for (let step = steps[call.steps]; step && now.steady - call.opened >= step.after; step = steps[++call.steps]) {
      for (const person of peopleFor(settings, step.who, now.t, timezone)) {
        if (call.told.includes(person.id)) continue;
        call.told.push(person.id);
        asked.push({ person: person.id, alarm: id, via: step.via });
      }
    }
  }
  return asked;
}

/** One notice per person for the whole flood. */
function inFlood(state: RouterState, asked: RouterState["waiting"]): Draft[] {
  for (const { person, alarm } of asked) state.calls[alarm]?.flooded.push(person);
  const people = [...new Set(asked.map(({ person }) => person))].filter((id) => !state.flood.told.includes(id));
  if (people.length === 0) return [];
  state.flood = { ...state.flood, told: [...state.flood.told, ...people] };
  const alarms = Object.values(state.calls).map((call) => call.alarm);
  return people.map((person) => ({ kind: "flood", person, alarms }));
}

/** After a flood: what is still open, for those who were told only of the flood. */
function rest(state: RouterState): RouterState["waiting"] {
  return Object.entries(state.calls).flatMap(([alarm, call]) =>
    call.flooded.splice(0).map((person) => ({ person, alarm })),
  );
}

/** One message per person and machine; the first of a quiet machine at once, what follows in groups. */
function grouped(state: RouterState, settings: NoticeSettings, timezone: string, now: Moment): Draft[] {
  const people = new Map(settings.people.map((person) => [person.id, person]));
  const drafts = new Map<string, Draft & { alarms: Alarm[] }>();
  const spoke = new Map<string, { high: boolean }>();
  const holds = (group: string, alarm: Alarm): boolean => {
    const before = state.machines[group];
    // A group holds what is no worse than what it told: the first of high priority breaks through.
    return now.steady < (before?.next ?? 0) && (alarm.priority !== "high" || before?.high === true);
  };
  state.waiting = state.waiting.filter((one) => {
    const person = people.get(one.person);
    const alarm = state.calls[one.alarm]?.alarm;
    if (!person || !alarm) return false;
    const group = `${one.person} ${alarm.machine}`;
    if (asleep(person, alarm, timezone, now) || holds(group, alarm)) return true;
    const key = `${group} ${one.via?.join() ?? ""}`;
    const draft = drafts.get(key) ?? { kind: "alarm", person: one.person, alarms: [], via: one.via };
    draft.alarms.push(alarm);
    drafts.set(key, draft);
    spoke.set(group, { high: alarm.priority === "high" || spoke.get(group)?.high === true });
    return false;
  });
  if (spoke.size > 0)
    for (const [group, { last }] of Object.entries(state.machines))
      if (now.steady - last > DAY) delete state.machines[group];
  for (const [group, { high }] of spoke) {
    const before = state.machines[group];
    const quiet = !before || now.steady - before.last >= settings.group.interval;
    const pause = quiet ? settings.group.wait : settings.group.interval;
    state.machines[group] = { last: now.steady, next: now.steady + pause, high };
  }
  return [...drafts.values()];
}

const asleep = (person: Person, alarm: Alarm, timezone: string, now: Moment): boolean =>
  alarm.priority !== "high" && isQuiet(person, now.t, timezone);

/** No more than so many messages per person and hour; what is more comes as one summary when there is room again. */
function capped(state: RouterState, { people, cap }: NoticeSettings, drafts: readonly Draft[], now: Moment): Draft[] {
  const room = (person: string): boolean => {
    const sent = (state.sent[person] ?? []).filter((at) => now.steady - at < HOUR);
    state.sent[person] = sent;
    return sent.length < cap.perHour;
  };
  const spend = (person: string) => state.sent[person]?.push(now.steady);
  const out: Draft[] = [];
  for (const { id } of people) {
    const held = (state.capped[id] ?? []).flatMap((alarm) => state.calls[alarm]?.alarm ?? []);
    if (held.length === 0 || !room(id)) continue;
    out.push({ kind: "summary", person: id, alarms: held });
    delete state.capped[id];
    spend(id);
  }
  for (const draft of drafts) {
    if (draft.kind === "test" || room(draft.person)) {
      if (draft.kind !== "test") spend(draft.person);
      out.push(draft);
    } else {
      const held = new Set([...(state.capped[draft.person] ?? []), ...draft.alarms.map(({ id }) => id)]);
      state.capped[draft.person] = [...held];
    }
  }
  return out;
}

/** The test button and the fire drill: those of the first step, at once, past every rule that keeps things quiet. */
function tests(state: RouterState, settings: NoticeSettings, timezone: string, now: Moment): Draft[] {
  return state.tests.splice(0).flatMap(({ alarm }) => {
    const [step] = policyFor(settings, alarm, alarm.policy).steps;
    const people = step ? peopleFor(settings, step.who, now.t, timezone) : [];
    return people.map((person): Draft => ({ kind: "test", person: person.id, alarms: [alarm], via: step?.via }));
  });
}

/** The morning's digest, or the word that all is well. Mondays list what people have put aside, so that nothing stays there unseen. */
function daily(
  state: RouterState,
  settings: NoticeSettings,
  timezone: string,
  now: Moment,
  standing: () => readonly Alarm[],
): Draft[] {
  const day = digestDue(settings, state.digestDay, now.t, timezone);
  if (day === undefined) return [];
  const first = state.digestDay === "";
  state.digestDay = day;
  // The day of the installation is no day to report on.
  if (first) return [];
  const aside = wallTime(now.t, timezone).day === "mon" ? standing().filter(putAside) : [];
  const alarms = [...state.digest.splice(0), ...aside];
  state.digestDropped = 0;
  if (alarms.length === 0 && !settings.allIsWell) return [];
  const kind = alarms.length > 0 ? "digest" : "well";
  return settings.people.map((person): Draft => ({ kind, person: person.id, alarms }));
}

const putAside = ({ state }: Alarm): boolean => state === "shelved" || state === "out-of-service";

/** Whether the weekly drill is to be held now. */
export function drill(state: RouterState, settings: NoticeSettings, timezone: string, now: Moment): boolean {
  const day = drillDue(settings, state.drillDay, now.t, timezone);
  if (day === undefined) return false;
  state.drillDay = day;
  return true;
}
