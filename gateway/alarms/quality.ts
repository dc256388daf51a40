import type { Alarm, AlarmEvent } from "../core/alarm.ts";
import type { MachineState } from "../core/detector.ts";
import type { Delivery } from "../core/notice.ts";
import { type AlarmProposal, type AlarmQuality, alarmTargets } from "../core/office.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE } from "../core/time.ts";
import type { Precision } from "./verdict.ts";

export interface QualityInput {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Events of [from, to), oldest first. */
  readonly events: readonly AlarmEvent[];
  readonly deliveries: readonly Delivery[];
  readonly alarms: readonly Alarm[];
  /** Blips within that time that a delay kept from people. */
  readonly fleeting: number;
  readonly precisions: readonly Precision[];
  /** The noise (1 σ) of the point that a rule of type `limit` watches, where it could be measured. */
  readonly noise: ReadonlyMap<string, number>;
  /** Whether a message at that moment wakes somebody up. */
  readonly wakes: (t: EpochMs) => boolean;
  /** Rules that the site file can change; cases and the gateway's own alarms are none. */
  readonly changeable: ReadonlySet<string>;
}

const FLOOD_ABOVE = 10;
const FLOOD_ENDS_BELOW = 5;
const WINDOW = 10 * MINUTE;
const CHATTER = 3;
const TOP = 10;

/** The figures of EEMUA 191 and ISA-18.2, and what to change. Pure. */
export function qualityOf(given: QualityInput): AlarmQuality {
  const { from, to, events, alarms } = given;
  const told = events.filter((event) => event.annunciated && !event.test);
  const days = Math.max((to - from) / DAY, 1 / 24);
  const top = topRules(told, given.precisions);
  const chattering = chatteringAlarms(told);
  const stale = alarms.filter((alarm) => alarm.active && to - alarm.since > DAY);
  const priorities = { high: 0, medium: 0, low: 0 };
  for (const { alarm } of told) priorities[alarm.priority]++;
  return {
    from,
    to,
    annunciated: told.length,
    perDay: told.length / days,
    peak: peakOf(told),
    floods: floodsOf(told),
    chattering,
    fleetingAvoided: given.fleeting,
    stale,
    priorities,
    top: top.slice(0, TOP),
    topShare: top.slice(0, TOP).reduce((sum, { share }) => sum + share, 0),
    people: peopleOf(given.deliveries, from, to, days, given.wakes),
    proposals: proposalsOf(given, chattering, top, stale),
    targets: alarmTargets,
  };
}

function topRules(told: readonly AlarmEvent[], precisions: readonly Precision[]): AlarmQuality["top"][number][] {
  const counts = new Map<string, number>();
  for (const { alarm } of told) counts.set(alarm.rule, (counts.get(alarm.rule) ?? 0) + 1);
  return [...counts]
    .map(([rule, count]) => ({
      rule,
      count,
      share: count / told.length,
      precision: precisions.find((one) => one.rule === rule)?.precision ?? null,
    }))
    .sort((a, b) => b.count - a.count);
}

/** Most annunciations within any ten minutes. */
function peakOf(told: readonly AlarmEvent[]): number {
  let peak = 0;
  for (let i = 0, first = 0; i < told.length; i++) {
    while (at(told, i) - at(told, first) >= WINDOW) first++;
    peak = Math.max(peak, i - first + 1);
  }
  return peak;
}

const at = (told: readonly AlarmEvent[], i: number): number => told[i]?.t ?? 0;

/** Begins at more than 10 in 10 minutes, ends below 5 in 10 minutes. */
function floodsOf(told: readonly AlarmEvent[]): AlarmQuality["floods"][number][] {
  const floods: AlarmQuality["floods"][number][] = [];
  let open: { from: EpochMs; alarms: number } | undefined;
  for (let i = 0, first = 0; i < told.length; i++) {
    while (at(told, i) - at(told, first) >= WINDOW) first++;
    const recent = i - first + 1;
    if (open && recent < FLOOD_ENDS_BELOW) {
      floods.push({ ...open, to: epochMs(at(told, i - 1)) });
      open = undefined;
    }
    if (open) open.alarms++;
    else if (recent > FLOOD_ABOVE) open = { from: epochMs(at(told, first)), alarms: recent };
  }
  if (open) floods.push({ ...open, to: epochMs(at(told, told.length - 1)) });
  return floods;
}

function chatteringAlarms(told: readonly AlarmEvent[]): AlarmQuality["chattering"][number][] {
  const times = new Map<string, number[]>();
  for (const { alarm, t } of told) times.set(alarm.id, [...(times.get(alarm.id) ?? []), t]);
  return [...times].flatMap(([alarm, list]) => {
    const hits = list.filter((t, i) => i >= CHATTER - 1 && t - (list[i - CHATTER + 1] ?? 0) <= MINUTE).length;
    return hits > 0 ? [{ alarm, times: hits }] : [];
  });
}

function peopleOf(
  deliveries: readonly Delivery[],
  from: EpochMs,
  to: EpochMs,
  days: number,
  wakes: (t: EpochMs) => boolean,
): AlarmQuality["people"][number][] {
  const sent = deliveries.filter(({ created, state, kind }) => {
    const reached = state === "sent" || state === "received" || state === "acknowledged";
    return reached && kind !== "test" && created >= from && created < to;
  });
  const people = new Map<string, Delivery[]>();
  for (const delivery of sent) people.set(delivery.person, [...(people.get(delivery.person) ?? []), delivery]);
  return [...people].map(([person, list]) => ({
    person,
    perDay: list.length / days,
    wakeUps: list.filter(({ created }) => wakes(created)).length,
  }));
}

/**
 * One change per rule, the worst first: what comes while the machine is off or starting is tied to its state, what
 * chatters gets a dead band beyond its noise or a longer end, what lasts briefly a delay, what stands a look.
 */
function proposalsOf(
  { events, noise, changeable }: QualityInput,
  chattering: readonly { alarm: string }[],
  top: AlarmQuality["top"],
  stale: readonly Alarm[],
): AlarmProposal[] {
  const proposals = top.slice(0, TOP).flatMap(({ rule, count }): AlarmProposal[] => {
    if (count < 3) return [];
    const raised = events.filter((event) => event.alarm.rule === rule && event.annunciated);
    const share = (state: MachineState) => raised.filter(({ doing }) => doing === state).length / raised.length;
    if (share("off") >= MOSTLY) return [{ rule, option: "suppress.off", to: true, why: whileOff }];
    if (share("transient") >= MOSTLY) return [{ rule, option: "suppress.startup", to: "2min", why: whileStarting }];
    const chatters = chattering.some(({ alarm }) => alarm === rule || alarm.startsWith(`${rule}-`));
    const sigma = noise.get(rule);
    if (chatters && sigma)
      return [{ rule, option: "deadband", to: Number((3 * sigma).toPrecision(2)), why: noisy(sigma) }];
    if (chatters) return [{ rule, option: "delay.off", to: "1min", why: repeats }];
    const lasted = durations(events, rule);
    const middle = lasted[Math.floor(lasted.length / 2)];
    if (middle === undefined || middle >= 2 * MINUTE) return [];
    return [
      { rule, option: "delay.on", to: `${Math.max(10, Math.ceil((1.2 * middle) / 1_000))}s`, why: brief(middle) },
    ];
  });
  return [
    ...proposals,
    ...stale.map(({ rule }): AlarmProposal => ({ rule, option: "enabled", to: false, why: stands })),
  ].filter(({ rule }) => changeable.has(rule));
}

/** A rule is tied to a state of the machine when so much of it came in that state. */
const MOSTLY = 0.8;

/** How long the occurrences of a rule lasted, sorted. */
function durations(events: readonly AlarmEvent[], rule: string): number[] {
  const began = new Map<string, number>();
  const lasted: number[] = [];
  for (const { alarm, t } of events) {
    if (alarm.rule !== rule) continue;
    const key = `${alarm.id} ${alarm.occurrence}`;
    if (alarm.active && !began.has(key)) began.set(key, t);
    const start = began.get(key);
    if (!alarm.active && start !== undefined) {
      lasted.push(t - start);
      began.delete(key);
    }
  }
  return lasted.filter((ms) => ms < 100 * HOUR).sort((a, b) => a - b);
}

const whileOff = {
  fr: "Vient surtout machine à l'arrêt : l'inhiber alors",
  en: "Mostly comes while the machine is off: suppress it then",
};
const whileStarting = {
  fr: "Vient surtout au démarrage : l'inhiber deux minutes",
  en: "Mostly comes while the machine starts: suppress it for two minutes",
};
const noisy = (sigma: number) => ({
  fr: `Le bruit de la mesure (σ = ${sigma.toPrecision(2)}) traverse le seuil : bande morte de 3 σ`,
  en: `The noise of the measurement (σ = ${sigma.toPrecision(2)}) crosses the limit: a dead band of 3 σ`,
});
const repeats = {
  fr: "Revient plusieurs fois par minute : une temporisation à la disparition en fait une seule alarme",
  en: "Comes several times a minute: an off-delay makes it one alarm",
};
const brief = (ms: number) => ({
  fr: `Dure le plus souvent ${Math.round(ms / 1_000)} s : personne n'a le temps d'agir, une temporisation l'évite`,
  en: `Mostly lasts ${Math.round(ms / 1_000)} s: nobody has time to act, a delay avoids it`,
});
const stands = {
  fr: "En cours depuis plus de 24 h : régler le seuil, réparer, ou désactiver",
  en: "Active for more than 24 h: adjust the limit, repair, or disable it",
};
