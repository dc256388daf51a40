import { afterEach, expect, test } from "vitest";
import type { Bucket, Historian } from "../../../gateway/core/history.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { point } from "../../sim/peers/kit.ts";
import { type World, world } from "./world.ts";

let w: World;
afterEach(() => w.web.close());

const asked = async (path: string) => (await fetch(w.api(path))).json();

const neverAsked: Historian["samples"] = () => {
  throw new Error("not asked for here");
};

const hour = 3_600_000;
const flat =
  (mean: (t: number) => number | null): Historian["range"] =>
  async (_p, from, to, buckets) =>
    Array.from({ length: buckets }, (_, i): Bucket => {
      const t = epochMs(from + (i * (to - from)) / buckets);
      const value = mean(t - from);
      return { t, min: value, mean: value, max: value, count: value === null ? 0 : 1, bad: 0 };
    });

test("is split by what the machine did, priced, and the meter's word stands for the sum", async () => {
  const kw = point("tour-2/power", "kW");
  const meter = {
    ...point("tour-2/energy_import", "kWh"),
    signal: { ...point("tour-2/energy_import", "kWh").signal, kind: "counter" as const },
  };
  const points = new Map([kw, meter, point("tour-2/state", "1"), point("scie-1/power", "W")].map((p) => [p.id, p]));
  const historian: Historian = {
    range: (p, from, to, buckets) =>
      // Half the time running at 4 kW (3), half idle at 1 kW (2), said once only.
      (p === "tour-2/state"
        ? flat((t) => (t === 0 ? 3 : t >= 5 * hour && t < 5 * hour + 60_000 ? 2 : null))
        : p === "tour-2/power"
          ? flat((t) => (t < 5 * hour ? 4 : 1))
          : flat(() => 500))(p, from, to, buckets),
    counted: async () => 50,
    samples: neverAsked,
  };
  const energy = { price: 0.2, co2: { grams: 52, source: "ADEME 2024" } };
  w = await world({ energy }, { points, historian });
  const json = await asked(`/energy?from=0&to=${10 * hour}`);
  expect(json.co2.source).toBe("ADEME 2024");
  const [lathe, saw] = json.machines;
  expect(lathe).toMatchObject({ machine: "tour-2", kwh: 50, from: "counter", cost: 10, co2: 2.6 });
  expect(lathe.byState.running).toBeCloseTo(40, 5);
  expect(lathe.byState.idle).toBeCloseTo(10, 5);
  expect(lathe.idleCost).toBeCloseTo(2, 5);
  expect(saw).toMatchObject({ from: "power" });
  expect(saw.kwh).toBeCloseTo(5, 5);
});

test("a machine that was off and on within one stretch of a month has not idled", async () => {
  const points = new Map([point("tour-2/power", "kW"), point("tour-2/state", "1")].map((p) => [p.id, p]));
  // Off (1) at 0 kW, running (3) at 6 kW, in turn; every third stretch half of each, so that both means lie where idle (2) is.
  const mixed: Partial<Bucket>[] = [
    { min: 1, mean: 1, max: 1 },
    { min: 3, mean: 3, max: 3 },
    { min: 1, mean: 2, max: 3 },
  ];
  const historian: Historian = {
    range: async (p, from, to, buckets) =>
      Array.from({ length: buckets }, (_, i): Bucket => {
        const state = mixed[i % 3];
        const power = [0, 6, 3][i % 3] ?? 0;
        const t = epochMs(from + (i * (to - from)) / buckets);
        const said = p === "tour-2/state" ? state : { min: power, mean: power, max: power };
        return { t, count: 1, bad: 0, min: null, mean: null, max: null, ...said };
      }),
    counted: async () => null,
    samples: neverAsked,
  };
  w = await world({}, { points, historian });
  const json = await asked(`/energy?from=0&to=${30 * 24 * hour}`);
  const [lathe] = json.machines;
  expect(lathe.kwh).toBeCloseTo(3 * 30 * 24, 0);
  expect(lathe.byState.idle).toBe(0);
  expect(lathe.byState.off).toBe(0);
  expect(lathe.byState.running).toBeCloseTo(lathe.kwh, 5);
});
