import { noise } from "../../../noise.ts";

interface Knocks {
  seconds: number;
  rate: number;
  /** Knocks a second. */
  hz: number;
  /** How far each interval strays, as a share of it. */
  slip: number;
  /** Noise against the height of a knock. */
  loud: number;
  seed: number;
  /** Height of a knock at a time: load zone, cage. */
  height?(t: number): number;
  /** What the housing rings at, Hz. */
  ring?: number;
}

/** A bearing as textbooks draw it: each knock rings the housing and dies away, in noise. */
export function knocks({ seconds, rate, hz, slip, loud, seed, height = () => 1, ring = 3_400 }: Knocks): Float32Array {
  const rough = noise(seed);
  const samples = Float32Array.from({ length: Math.round(seconds * rate) }, () => loud * rough());
  for (let t = 0.3 / hz; t < seconds; t += (1 + slip * rough()) / hz) {
    const first = Math.ceil(t * rate);
    for (let i = first; i < first + 0.01 * rate && i < samples.length; i++) {
      const since = i / rate - t;
      samples[i] = (samples[i] ?? 0) + height(t) * Math.exp(-900 * since) * Math.sin(2 * Math.PI * ring * since);
    }
  }
  return samples;
}
