import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Burst } from "../../gateway/core/burst.ts";
import type { Historian } from "../../gateway/core/history.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { numberOf, type Reading } from "../../gateway/core/reading.ts";
import { DAY, epochMs, MINUTE, steadyMs } from "../../gateway/core/time.ts";
import { createSpectra, readingsOf, type Spectra, spectraPoints, waterfall } from "../../gateway/spectra.ts";

const START = Date.UTC(2026, 2, 2, 6);
const RATE = 12_800;
const source = { point: "tour-2/spindle_z", device: "node-1", rate: RATE, every: 10 * MINUTE } as const;

const burst = (at: number, hz = 1_000, amplitude = 1, clipped = false): Burst => ({
  point: source.point,
  t: epochMs(START + at),
  rate: RATE,
  samples: Float32Array.from({ length: 16_384 }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / RATE)),
  clipped,
});

const entry = (item: Burst) => ({ seq: 1, boot: 1, steady: steadyMs(item.t), tq: "synced" as const, item });

let folder: string;
let stored: Reading[];
let meters: Meters;
let spectra: Spectra;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "spectra-")), "bursts");
  stored = [];
  meters = new Meters();
  spectra = createSpectra({ append: async (readings) => void stored.push(...readings), folder, keep: 200_000, meters });
});

afterEach(() => rm(join(folder, ".."), { recursive: true }));

const take = (...bursts: Burst[]) => spectra.apply(bursts.map(entry), "live");
const kept = () => readdir(folder).then((names) => names.sort());

test("every reading of a burst belongs to a point that was announced, and the other way round", () => {
  const announced = spectraPoints(source, "ligne-1").map(({ id }) => id);
  expect(readingsOf(burst(0)).map(({ point }) => point)).toEqual(announced);
  expect(
    spectraPoints(source, "ligne-1").every(({ made, device }) => made === "burst" && device === source.device),
  ).toBe(true);
});

test("a tone becomes its r.m.s., its velocity and its band", () => {
  const readings = new Map(readingsOf(burst(0, 1_000, 2)).map((reading) => [reading.point, numberOf(reading) ?? 0]));
  expect(readings.get("tour-2/spindle_z_rms")).toBeCloseTo(Math.SQRT2, 2);
  expect(readings.get("tour-2/spindle_z_peak")).toBeCloseTo(2, 2);
  expect(readings.get("tour-2/spindle_z_band_1000")).toBeCloseTo(Math.SQRT2, 2);
  expect(readings.get("tour-2/spindle_z_band_501")).toBeLessThan(0.01);
});

test("a clipped burst is bad readings that say so, and is counted", async () => {
  await take(burst(0, 1_000, 16, true));
  expect(stored.every((reading) => reading.quality === "bad" && reading.why === "saturated")).toBe(true);
  expect(stored.length).toBe(spectraPoints(source, "ligne-1").length);
  expect(meters.sum("bursts_clipped_total")).toBe(1);
});

test("one raw burst a day is kept, whole", async () => {
  await take(burst(0), burst(10 * MINUTE), burst(20 * MINUTE), burst(DAY));
  expect(await kept()).toEqual([`tour-2~spindle_z~${START}~12800.f32`, `tour-2~spindle_z~${START + DAY}~12800.f32`]);
  const bytes = await readFile(join(folder, `tour-2~spindle_z~${START}~12800.f32`));
  expect(bytes.byteLength).toBe(4 * 16_384);
  expect(bytes.readFloatLE(4 * 3)).toBeCloseTo(Math.sin((2 * Math.PI * 3_000) / RATE), 5);
});

test("around a finding the bursts of that machine are kept, the newest before it too", async () => {
  spectra = createSpectra({ append: async () => undefined, folder, meters });
  await take(burst(0), burst(10 * MINUTE));
  spectra.found("tour-2");
  spectra.found("compressor-1");
  await take(...[20, 30, 40, 50, 60, 70, 80].map((minutes) => burst(minutes * MINUTE)));
  await expect.poll(kept).toHaveLength(7);
});

test("the oldest kept bursts go when the room is full, and are counted", async () => {
  await take(...[0, 1, 2, 3, 4].map((day) => burst(day * DAY)));
  expect((await kept()).map((name) => Number(name.split("~")[2]))).toEqual([2, 3, 4].map((day) => START + day * DAY));
  expect(meters.sum("bursts_removed_total")).toBe(2);
});

test("a burst seen twice changes nothing", async () => {
  await take(burst(0));
  const once = [...stored];
  await take(burst(0));
  expect(stored).toEqual([...once, ...once]);
  expect(await kept()).toHaveLength(1);
});

test("the waterfall shows the bands over time in decibels, gaps as gaps", async () => {
  const history: Historian = {
    range: async (point, from) =>
      [0, 1].map((i) => ({
        ...{ t: epochMs(from + i * 1_000), min: null, max: null, count: 1, bad: 0 },
        mean: point.endsWith("_band_1000") && i === 0 ? 0.1 : null,
      })),
    samples: () => {
      throw new Error("not asked");
    },
    counted: async () => null,
  };
  const { bands, rows } = await waterfall(history, source, epochMs(START), epochMs(START + 2_000), 2);
  const at = bands.findIndex((centre) => Math.round(centre) === 1_000);
  expect(rows.map(({ levels }) => levels[at])).toEqual([-20, null]);
  expect(rows[0]?.levels).toHaveLength(bands.length);
});
