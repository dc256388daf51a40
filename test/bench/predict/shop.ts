import { HEARTBEAT } from "../../../gateway/core/detector.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { type Machine, type Point, pointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { DAY, epochMs, HOUR, MINUTE, steadyMs, type TimeQuality } from "../../../gateway/core/time.ts";
import type { Unit } from "../../../gateway/core/unit.ts";
import { noise, uniform } from "../../noise.ts";

/**
 * Machines of a small workshop, played minute by minute from a seed: shifts, pauses, nights, products that change, warm-up,
 * weather and season, honest wear of five per cent a month, spikes, gaps, restarts, clock steps. And, on request, one
 * of six faults that begins on a day and grows as such faults do.
 */
export const faultsOfShop = ["bearing", "filter", "belt", "leak", "phase", "sensor"] as const;
export type ShopFault = (typeof faultsOfShop)[number];

export interface Life {
  seed: number;
  days: number;
  fault?: { kind: ShopFault; from: number };
}

const units = {
  power: "kW",
  current_l1: "A",
  current_l2: "A",
  vibration: "mm/s",
  bearing_temp: "Cel",
  speed: "/min",
  filter_dp: "mbar",
  air_pressure: "bar",
} as const satisfies Record<string, Unit>;

type Signal = keyof typeof units;
const signals = Object.keys(units) as Signal[];

export const machineOf = (seed: number): Machine => ({
  id: `m${seed}`,
  name: sameText(`Machine ${seed}`),
  class: "II",
});

export const pointsOf = (machine: Machine): Point[] =>
  signals.map((name) => ({
    id: pointId(machine.id, name),
    machine: machine.id,
    signal: { name, unit: units[name], kind: "gauge", every: MINUTE },
    driver: "shop",
    device: machine.id,
  }));

const START = Date.UTC(2025, 0, 6);

/** Every entry of such a life: eight readings and a heartbeat a minute, when nothing is missing. */
export function* lifeOf({ seed, days, fault }: Life): Iterable<Entry<Reading>> {
  const character = characterOf(seed);
  const happen = happeningsOf(seed, days);
  const doing = workOf(seed, days);
  const rough = noise(seed * 7 + 1);
  const warm = { machine: 0 };
  const machine = machineOf(seed);
  const ids = signals.map((name) => pointId(machine.id, name));
  let [seq, steady] = [0, 0];
  for (let minute = 0; minute < days * 24 * 60; minute++) {
    steady += MINUTE;
    const { boot, skew, tq, silent, spiked } = happen(minute);
    if (boot === 0) continue;
    const t = epochMs(START + minute * MINUTE + skew);
    const work = doing(minute);
    const severity = fault ? Math.max(0, minute / 1440 - fault.from) : 0;
    const values = physics(character, minute, work, warm, rough, fault?.kind, severity);
    const put = (item: Reading): Entry<Reading> => ({ seq: ++seq, boot, steady: steadyMs(steady), tq, item });
    for (const [i, name] of signals.entries()) {
      const id = ids[i] ?? pointId(machine.id, name);
      if (silent) yield put(bad(id, t, "timeout"));
      else yield put(good(id, t, values[name] * (spiked === i ? 6 : 1)));
    }
    yield put(good(HEARTBEAT, t, 1));
  }
}

interface Character {
  load: number;
  shake: number;
  heat: number;
  wears: Signal;
  phase: number;
}

function characterOf(seed: number): Character {
  const draw = uniform(seed * 13 + 5);
  return {
    load: 2 + 10 * draw(),
    shake: 0.6 + 1.2 * draw(),
    heat: 15 + 25 * draw(),
    wears: signals[Math.floor(draw() * signals.length)] ?? "vibration",
    phase: draw() * 365,
  };
}

/** 0 off, 1 idle, 2 working; and how heavy the job is. */
interface Work {
  state: 0 | 1 | 2;
  product: number;
  since: number;
}

function workOf(seed: number, days: number): (minute: number) => Work {
  const draw = uniform(seed * 17 + 3);
  const plan: Work["state"][] = [];
  const jobs: number[] = [];
  const products = [0.85 + 0.1 * draw(), 1, 1.05 + 0.12 * draw()];
  let [job, left] = [1, 0];
  for (let day = 0; day < days; day++) {
    if (left-- <= 0) [job, left] = [products[Math.floor(draw() * 3)] ?? 1, 1 + Math.floor(4 * draw())];
    jobs.push(job);
    const free = day % 7 >= 5 || draw() < 0.02;
    const [from, to] = [7.5 * 60 + 30 * draw(), 16.5 * 60 + 60 * draw()];
    // Now and then it stays on over night.
    const forgotten = !free && draw() < 0.05;
    let [state, until]: [Work["state"], number] = [2, 0];
    for (let m = 0; m < 1_440; m++) {
      if (free || m < from || m > to) plan.push(forgotten && m > to ? 1 : 0);
      else {
        if (m > until) [state, until] = state === 2 ? [1, m + 3 + 25 * draw()] : [2, m + 20 + 90 * draw()];
        plan.push(m > 12 * 60 && m < 12 * 60 + 45 ? 1 : state);
      }
    }
  }
  let [last, since]: [number, number] = [-1, 0];
  return (minute) => {
    const state = plan[minute] ?? 0;
    if (state !== last) [last, since] = [state, minute];
    return { state, product: jobs[Math.floor(minute / 1_440)] ?? 1, since: minute - since };
  };
}

interface Happening {
  /** 0 while the gateway itself is off. */
  boot: number;
  skew: number;
  tq: TimeQuality;
  silent: boolean;
  /** The signal that a spike hits this minute. */
  spiked: number;
}

function happeningsOf(seed: number, days: number): (minute: number) => Happening {
  const draw = uniform(seed * 19 + 11);
  const state = { boot: 1, away: 0, gap: 0, skew: 0, unsynced: 0 };
  const perDay = (times: number) => draw() < times / 1_440;
  void days;
  return () => {
    if (state.away > 0) state.away--;
    else if (perDay(1 / 7)) {
      state.away = 1 + Math.floor(20 * draw());
      state.boot++;
      state.unsynced = draw() < 0.3 ? 30 : 0;
    }
    if (state.gap > 0) state.gap--;
    else if (perDay(2 / 7)) state.gap = 5 + Math.floor(55 * draw());
    if (perDay(1 / 30)) state.skew = (draw() - 0.5) * 2 * HOUR;
    else if (perDay(1 / 3)) state.skew = 0;
    if (state.unsynced > 0) state.unsynced--;
    return {
      boot: state.away > 0 ? 0 : state.boot,
      skew: state.skew,
      tq: state.unsynced > 0 ? "unsynced" : "synced",
      silent: state.gap > 0,
      spiked: perDay(0.5) ? Math.floor(8 * draw()) : -1,
    };
  };
}

function physics(
  { load, shake, heat, wears, phase }: Character,
  minute: number,
  { state, product, since }: Work,
  warm: { machine: number },
  rough: () => number,
  fault: ShopFault | undefined,
  severity: number,
): Record<Signal, number> {
  const day = minute / 1_440;
  const on = state > 0;
  const start = state === 2 && since < 2 ? 1.6 : 1;
  const work = state === 2 ? product * (1 + 0.06 * Math.sin(minute / 37) + 0.03 * rough()) : on ? 0.3 : 0.004;
  const ambient =
    18 +
    5 * Math.sin((2 * Math.PI * (day + phase)) / 365) +
    3 * Math.sin(2 * Math.PI * (day - 0.3)) +
    1.5 * Math.sin(day / 2.3);
  warm.machine += ((state === 2 ? product : on ? 0.4 : 0) - warm.machine) / 50;
  const wear = (name: Signal) => (name === wears ? 1 + (0.05 * day) / 30 : 1);
  const grown = (size: number, over: number) => size * Math.min(1, severity / over);
  const bearing = fault === "bearing" ? Math.exp(grown(Math.log(4), 14)) : 1;
  const slip = fault === "belt" ? grown(0.3, 5) : 0;
  const power = load * work * start * wear("power") * (1 - slip / 2) * (fault === "leak" ? 1 + grown(0.35, 10) : 1);
  const current = (1.9 * power + (on ? 0.8 : 0.05)) * (1 + 0.01 * rough());
  const phaseLoss = fault === "phase" && severity > 0 ? 0.35 : 0;
  return {
    power: Math.max(0, power * (1 + 0.01 * rough())),
    current_l1: current * wear("current_l1") * (1 - phaseLoss / 3),
    current_l2: current * 1.03 * wear("current_l2") * (1 + phaseLoss),
    vibration: (on ? shake * (0.4 + 0.6 * work) * bearing * wear("vibration") : 0.05) * Math.exp(0.12 * rough()),
    bearing_temp:
      ambient +
      heat * warm.machine * wear("bearing_temp") +
      0.3 * rough() +
      (bearing - 1) * 2 * warm.machine +
      (fault === "sensor" ? grown(10, 12) : 0),
    speed: on ? 1_450 * (1 - slip) * wear("speed") * (1 - 0.02 * work) * (1 + 0.003 * rough()) : 0,
    filter_dp: Math.max(
      0,
      (on ? 8 * (0.5 + 0.5 * work) * wear("filter_dp") * (fault === "filter" ? 1 + grown(2, 14) : 1) : 0) +
        0.15 * rough(),
    ),
    air_pressure:
      6.5 * wear("air_pressure") * (fault === "leak" ? 1 - grown(0.35, 10) : 1) +
      0.25 * Math.sin(minute / 3) +
      0.03 * rough(),
  };
}

export const minutesOf = (days: number): number => (days * DAY) / MINUTE;
