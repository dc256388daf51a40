import type { Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";
import { STRANGER } from "./patience.ts";
import { type Cost, type Limits, plan } from "./plan.ts";
import { isBits } from "./profile.ts";
import { Schedule } from "./schedule.ts";
import type { Tag } from "./tags.ts";

export interface BudgetDevice {
  readonly id: string;
  readonly tags: readonly Tag[];
  readonly limits: Limits;
  /** What it takes longer to answer than `cost` has it, where that was measured. */
  readonly slower?: Ms;
}

export interface Budget {
  /** Share of the wire's time that the plan takes. */
  readonly share: number;
  readonly requestsPerSecond: number;
  /** Everything due at once. */
  readonly worstCycle: Ms;
  /** The same while one and while two devices are silent and just being probed. */
  readonly worstCycleDead: readonly [one: Ms, two: Ms];
  /** What each device takes, the hungriest first. */
  readonly shares: readonly { readonly id: string; readonly share: number }[];
}

/** A plan above this share has no room for a repeated question. */
export const FULL = 0.95;
/** Beats to look at: enough for every mix of periods to come round. */
const BEATS = 600;

/** What the plan of a wire costs before anything is opened. */
export function budgetOf(devices: readonly BudgetDevice[], cost: Cost): Budget {
  const each = devices.map((device) => ({ id: device.id, ...loadOf(device, cost) }));
  const sum = (pick: (load: (typeof each)[number]) => number) => each.reduce((total, load) => total + pick(load), 0);
  const worstCycle = sum((load) => load.whole);
  const cheapest = each.map((load) => load.whole).sort((a, b) => a - b);
  const dead = (count: number) => {
    const spared = cheapest.slice(0, count).reduce((total, whole) => total + whole, 0);
    return worstCycle - spared + Math.min(count, each.length) * (STRANGER + cost.request);
  };
  return {
    share: sum((load) => load.share),
    requestsPerSecond: sum((load) => load.requests),
    worstCycle,
    worstCycleDead: [dead(1), dead(2)],
    shares: each.map(({ id, share }) => ({ id, share })).sort((a, b) => b.share - a.share),
  };
}

function loadOf(
  { tags, limits, slower = 0 }: BudgetDevice,
  common: Cost,
): { share: number; requests: number; whole: Ms } {
  const cost = { ...common, request: common.request + slower };
  const schedule = new Schedule(
    tags.map((tag) => tag.point.signal.every),
    0,
  );
  const known = new Map<string, { time: Ms; requests: number }>();
  let [time, requests, whole] = [0, 0, 0];
  for (let beat = 0; beat < BEATS; beat++) {
    const { name, indices } = schedule.take(schedule.next);
    const due =
      known.get(name) ??
      costOfDue(
        indices.flatMap((index) => tags[index] ?? []),
        limits,
        cost,
      );
    known.set(name, due);
    time += due.time;
    requests += due.requests;
    whole = Math.max(whole, due.time);
  }
  const passed = schedule.next;
  return { share: time / passed, requests: (1_000 * requests) / passed, whole };
}

function costOfDue(tags: readonly Tag[], limits: Limits, cost: Cost): { time: Ms; requests: number } {
  const blocks = plan(tags, limits, cost);
  const registers = (block: (typeof blocks)[number]) =>
    isBits(block.table) ? Math.ceil(block.count / 16) : block.count;
  const time = blocks.reduce((sum, block) => sum + cost.request + cost.register * registers(block), 0);
  return { time, requests: blocks.length };
}

/** The budget in a line for `vigie check`. */
export function budgetLine(name: string, { share, requestsPerSecond, worstCycle, worstCycleDead }: Budget): Text {
  const figures = [
    percent(share),
    `${round(requestsPerSecond)}`,
    ms(worstCycle),
    ms(worstCycleDead[0]),
    ms(worstCycleDead[1]),
  ];
  const [used, requests, cycle, one, two] = figures;
  return {
    fr: `${name} : bus occupé à ${used}, ${requests} questions/s ; tour complet ${cycle}, avec un appareil muet ${one}, avec deux ${two}`,
    en: `${name}: bus ${used} used, ${requests} requests/s; worst cycle ${cycle}, with one device dead ${one}, with two ${two}`,
  };
}

/** Why a plan cannot fit, and what to slow down; undefined where it fits. */
export function tooFull({ share, shares }: Budget): Text | undefined {
  if (share <= FULL) return undefined;
  const hungriest = shares.slice(0, 3).map((device) => `${device.id} ${percent(device.share)}`);
  const factor = Math.ceil((10 * share) / 0.8) / 10;
  const who = hungriest.join(", ");
  return {
    fr: `ce plan demande ${percent(share)} du bus : lisez ${factor} fois moins souvent, montez la vitesse ou lisez moins de signaux (${who})`,
    en: `this plan needs ${percent(share)} of the bus: read ${factor} times less often, a higher baud rate, or fewer signals (${who})`,
  };
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const ms = (duration: Ms): string => (duration < 1_000 ? `${Math.round(duration)} ms` : `${round(duration / 1_000)} s`);
const round = (n: number): number => Math.round(10 * n) / 10;
