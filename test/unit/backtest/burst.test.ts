import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { analyseBursts, type BurstJob, type BurstLine, burstTable } from "../../../gateway/backtest/burst.ts";
import { ordersFor } from "../../../gateway/detectors/lib/bearing-table.ts";
import { noise } from "../../noise.ts";
import { knocks } from "../detectors/lib/knocks.ts";

const RATE = 12_000;
const RPM = 1_770;
const outer = (ordersFor("6205")?.outer ?? 0) * (RPM / 60);

const knocking = (seed: number, seconds = 4) =>
  knocks({ seconds, rate: RATE, hz: outer, slip: 0.008, loud: 0.3, seed });
const hissing = (seed: number) => {
  const rough = noise(seed);
  return Float32Array.from({ length: 4 * RATE }, () => rough());
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bursts-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, samples: Float32Array | Int16Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, samples);
  return path;
}

async function lines(job: Partial<BurstJob> & { source: string }): Promise<BurstLine[]> {
  const all: BurstLine[] = [];
  for await (const line of analyseBursts({ rate: RATE, rpm: RPM, bearing: "6205", ...job })) all.push(line);
  return all;
}

test("a file of floats: the part is named, the figures are in g", async () => {
  const [line] = await lines({ source: await put("a.f32", knocking(1)) });
  expect(line).toMatchObject({ file: "a.f32", part: "outer", likeliest: "outer" });
  expect(line?.rms).toBeGreaterThan(0.3);
  expect(line && burstTable(line)).toMatch(/^a\.f32 {2}rms 0\.\d+ g {2}crest .* outer \d+\.\d .* → outer$/);
});

test("a healthy one is unknown, never guessed", async () => {
  const [line] = await lines({ source: await put("b.f32", hissing(2)) });
  expect(line?.part).toBe("unknown");
});

test("a folder: all its files by name, each by its own format", async () => {
  await put(
    "2.i16",
    Int16Array.from(knocking(3), (x) => Math.round(1_000 * x)),
  );
  await put("1.f32", knocking(4));
  await put("readme.txt", new Float32Array(1));
  expect((await lines({ source: folder })).map(({ file, part }) => [file, part])).toEqual([
    ["1.f32", "outer"],
    ["2.i16", "outer"],
  ]);
});

test("int16 counts become g by the scale", async () => {
  const samples = Int16Array.from({ length: 4 * RATE }, (_, i) => Math.round(1_000 * Math.sin(i / 5)));
  const [line] = await lines({ source: await put("c.i16", samples), scale: 0.002 });
  expect(line?.peak).toBeCloseTo(2, 2);
});

test("channels that take turns and bursts in one file are told apart, and the file has a word of its own", async () => {
  const [loud, quiet] = [knocking(5, 8), hissing(6)];
  const length = 3 * RATE;
  const woven = Float32Array.from({ length: 4 * length }, (_, i) => {
    const at = Math.floor(i / 2);
    return (i % 2 === 0 ? loud[at] : quiet[at % quiet.length]) ?? 0;
  });
  const all = await lines({ source: await put("d.f32", woven), samples: length, axes: 2 });
  expect(all.map(({ burst, axis }) => [burst, axis])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [undefined, undefined],
  ]);
  expect(all.filter(({ axis }) => axis === 0).every(({ part }) => part === "outer")).toBe(true);
  expect(all.filter(({ axis }) => axis === 1).every(({ part }) => part === "unknown")).toBe(true);
});

test("many bursts in one file are also watched as they would have come", async () => {
  const length = 16_384;
  const woven = new Float32Array(40 * length);
  for (let i = 0; i < 40; i++) {
    const one =
      i < 32
        ? hissing(100 + i).map((x) => 0.2 * x)
        : knocks({ seconds: 1.5, rate: RATE, hz: outer, slip: 0.008, loud: 0.2, seed: i, height: () => 3 });
    woven.set(one.subarray(0, length), i * length);
  }
  const said = (await lines({ source: await put("h.f32", woven), samples: length })).filter(({ finding }) => finding);
  expect(said[0]?.burst).toBeGreaterThanOrEqual(32);
  expect(said.at(-1)?.finding).toMatchObject({ active: true, level: "alert" });
});

describe("what cannot be heard is said", () => {
  test.each([
    { name: "too slow a sensor", job: { rate: 3_200 }, why: "sampled too slowly" },
    { name: "too few turns", job: { samples: 4_000 }, why: "fewer than 20 turns" },
  ])("$name", async ({ job, why }) => {
    const all = await lines({ source: await put("e.f32", knocking(7)), ...job });
    expect(all.every((line) => line.part === undefined && line.why?.includes(why))).toBe(true);
  });

  test("no bearing and no speed: features only", async () => {
    const path = await put("f.f32", knocking(8));
    const all: BurstLine[] = [];
    for await (const line of analyseBursts({ source: path, rate: RATE })) all.push(line);
    expect(all).toHaveLength(1);
    expect(all[0]).not.toHaveProperty("part");
  });
});

describe("bad input names the place", () => {
  test.each([
    { name: "an unknown bearing", job: { bearing: "99999" }, says: "--bearing 99999" },
    { name: "half a sample", bytes: new Uint8Array(7), says: "7 bytes" },
    { name: "an empty file", bytes: new Uint8Array(0), says: "0 bytes" },
    { name: "no numbers", bytes: new Uint8Array(8).fill(255), says: "not float32" },
  ])("$name", async ({ job = {}, bytes, says }) => {
    const path = await put("g.f32", knocking(9));
    if (bytes) await writeFile(path, bytes);
    await expect(lines({ source: path, ...job })).rejects.toThrow(says);
  });

  test("a folder without bursts", async () => {
    await expect(lines({ source: folder })).rejects.toThrow("no .f32, .i16 or .bin files");
  });
});
