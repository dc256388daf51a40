import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Burst } from "../../../gateway/core/burst.ts";
import type { Point } from "../../../gateway/core/point.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import bearing from "../../../gateway/detectors/bearing.ts";
import { percent, print } from "./figures.ts";

interface Index {
  bearing: { balls: number; ball_mm: number; pitch_mm: number };
  bearings: Record<
    string,
    { bursts: number; samples?: number; rate_hz?: number; scale_g?: number; condition: { rpm: number } }
  >;
}

/** The raw bursts: a tenth of a second each, three turns of the shaft, so only bands can speak. */
export async function rawFemto(folder: string): Promise<void> {
  print("FEMTO, raw bursts to the detector `bearing`");
  const { bearing: made, bearings } = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as Index;
  const written = `${made.balls},${made.ball_mm},${made.pitch_mm}`;
  for (const [name, { samples, rate_hz, scale_g, bursts, condition }] of Object.entries(bearings)) {
    if (samples === undefined || rate_hz === undefined || scale_g === undefined) continue;
    const bytes = await readFile(join(folder, `${name}.i16`));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const axes = bytes.byteLength / 2 / samples / bursts;
    const at = (burst: number, axis: number) =>
      Float32Array.from(
        { length: samples },
        (_, i) => scale_g * view.getInt16(2 * ((burst * samples + i) * axes + axis), true),
      );
    const said = Array.from({ length: axes }, (_, axis) =>
      spoken(bursts, (burst) => at(burst, axis), rate_hz, condition.rpm, written),
    );
    const first = said.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
    const watch = said.flatMap(({ watch }) => (watch === undefined ? [] : [watch]));
    const share = (all: number[]) => (all.length === 0 ? "never" : percent(Math.min(...all) / bursts));
    print(`  ${name}: watch at ${share(watch)}, alert at ${share(first)} of life`);
  }
}

function spoken(count: number, samples: (burst: number) => Float32Array, rate: number, rpm: number, written: string) {
  const point: Point = {
    id: "rig/radial_rms",
    machine: "rig",
    signal: { name: "radial_rms", unit: "[g]", kind: "gauge", every: 10_000 },
    driver: "file",
    device: "burst",
    made: "burst",
  };
  const detector = bearing.create(bearing.options.parse({ bearing: written, rpm }), {
    id: "bearing",
    site: { id: "bench", name: "Bench", timezone: "UTC", language: "en" },
    machine: { id: "rig", name: { fr: "Banc", en: "Rig" } },
    point,
    points: [point],
  });
  let state = structuredClone(detector.initial);
  const first: { alert?: number; watch?: number } = {};
  for (let i = 0; i < count; i++) {
    const item: Burst = { point: "rig/radial", t: epochMs(i * 10_000), rate, samples: samples(i), clipped: false };
    const entry = { seq: i, boot: 1, steady: steadyMs(i * 10_000), tq: "synced" as const, item };
    const step = detector.burst?.(state, entry, { state: "running", since: steadyMs(0) });
    state = step?.state;
    if (step?.finding?.active) first[step.finding.level] ??= i;
  }
  return first;
}
