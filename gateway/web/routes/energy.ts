import type { EnergyAnswer, MachineEnergy } from "../../core/api.ts";
import type { MachineState } from "../../core/detector.ts";
import type { Bucket, Historian } from "../../core/history.ts";
import type { Point } from "../../core/point.ts";
import { type EpochMs, HOUR, MINUTE } from "../../core/time.ts";
import { inLanguage, instant } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { span } from "./history.ts";
import { historianOr404 } from "./site.ts";

const BUCKETS = 2_000;
const states = ["unknown", "off", "idle", "running", "transient"] as const satisfies readonly MachineState[];
const powerUnits: Readonly<Record<string, number>> = { W: 0.001, kW: 1 };
const energyUnits: Readonly<Record<string, number>> = { Wh: 0.001, kWh: 1, MWh: 1_000 };

/** Energy of each machine in a stretch of time, split by what the machine was doing. */
export function energyRoutes(app: App, desk: Desk): void {
  const { energy } = desk.settings;
  app.get(
    "/energy",
    {
      config: { need: "wall" },
      schema: {
        tags: ["history"],
        querystring: inLanguage.extend({ from: instant.optional(), to: instant.optional() }),
      },
    },
    async ({ query }): Promise<EnergyAnswer> => {
      const { from, to } = span(desk, query);
      const historian = historianOr404(desk);
      const machines: MachineEnergy[] = [];
      for (const machine of desk.machines.keys()) {
        const points = [...desk.points.values()].filter((point) => point.machine === machine);
        const used = await energyOf(historian, points, from, to);
        machines.push({ machine, ...used, ...money(used, energy) });
      }
      return {
        from,
        to,
        price: energy?.price ?? null,
        currency: energy?.currency ?? null,
        co2: energy?.co2 ?? null,
        machines,
      };
    },
  );
}

type Used = Pick<MachineEnergy, "kwh" | "from" | "byState">;

async function energyOf(historian: Historian, points: readonly Point[], from: EpochMs, to: EpochMs): Promise<Used> {
  const counter = points.find(
    ({ signal }) => signal.kind === "counter" && signal.unit in energyUnits && !/export/.test(signal.name),
  );
  const power = points.find(
    ({ signal }) => signal.kind === "gauge" && signal.unit in powerUnits && !/max|demand/.test(signal.name),
  );
  const state = points.find(({ signal }) => signal.name === "state");
  const counted = counter && (await historian.counted(counter.id, from, to));
  const total = counter && counted != null ? counted * (energyUnits[counter.signal.unit] ?? 1) : undefined;
  const buckets = Math.max(1, Math.min(BUCKETS, Math.ceil((to - from) / MINUTE)));
  const watts = power ? await historian.range(power.id, from, to, buckets) : [];
  const doing = state ? await historian.range(state.id, from, to, buckets) : [];
  const split = splitByState(watts, doing, to, powerUnits[power?.signal.unit ?? ""] ?? 0);
  const summed = states.reduce((sum, name) => sum + split[name], 0);
  if (total === undefined) return { kwh: power ? summed : null, from: power ? "power" : null, byState: split };
  // The meter knows how much, the power readings know when.
  if (summed <= 0) return { kwh: total, from: "counter", byState: { ...nothing(), unknown: total } };
  const byState = nothing();
  for (const name of states) byState[name] = (split[name] / summed) * total;
  return { kwh: total, from: "counter", byState };
}

/**
 * Energy of each state, kWh; `kilo`: kW in one unit of power. A stretch in which the machine did one thing is that state's. One in which it did several is shared by how
 * long each lasted and what it usually draws then: off and running half the time each is no idling.
 */
function splitByState(
  watts: readonly Bucket[],
  doing: readonly Bucket[],
  to: EpochMs,
  kilo: number,
): Record<MachineState, number> {
  const sums = nothing();
  const pure = nothing();
  const mixed: { energy: number; shares: Shares }[] = [];
  let last: MachineState = "unknown";
  for (const [i, { t, mean }] of watts.entries()) {
    const shares = sharesOf(doing[i], last);
    // A state is said when it changes and once a minute: between two words it holds.
    [[last]] = shares;
    if (mean === null) continue;
    const hours = ((watts[i + 1]?.t ?? to) - t) / HOUR;
    const energy = Math.max(0, mean) * kilo * hours;
    if (shares.length > 1) mixed.push({ energy, shares });
    else {
      sums[last] += energy;
      pure[last]++;
    }
  }
  const usual = { ...sums };
  for (const state of states) usual[state] /= pure[state];
  for (const { energy, shares } of mixed) {
    const known = shares.every(([state]) => Number.isFinite(usual[state]));
    const weights = shares.map(([state, share]) => share * (known ? usual[state] : 1));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [k, [state, share]] of shares.entries())
      sums[state] += energy * (whole > 0 ? (weights[k] ?? 0) / whole : share);
  }
  return sums;
}

/** How long a machine did what in a stretch, the longer first; they add up to 1. */
type Shares = readonly [readonly [MachineState, number], ...(readonly [MachineState, number])[]];

function sharesOf(said: Bucket | undefined, last: MachineState): Shares {
  if (said?.mean == null || said.min === null || said.max === null) return [[last, 1]];
  const [low, high] = [states[said.min] ?? "unknown", states[said.max] ?? "unknown"];
  if (said.min === said.max) return [[low, 1]];
  const share = (said.mean - said.min) / (said.max - said.min);
  return share > 0.5
    ? [
        [high, share],
        [low, 1 - share],
      ]
    : [
        [low, 1 - share],
        [high, share],
      ];
}

const nothing = (): Record<MachineState, number> => ({ unknown: 0, off: 0, idle: 0, running: 0, transient: 0 });

function money(
  { kwh, byState }: Used,
  energy: Desk["settings"]["energy"],
): Pick<MachineEnergy, "cost" | "idleCost" | "co2"> {
  if (kwh === null || !energy) return { cost: null, idleCost: null, co2: null };
  return {
    cost: kwh * energy.price,
    idleCost: byState.idle * energy.price,
    co2: energy.co2 ? (kwh * energy.co2.grams) / 1_000 : null,
  };
}
