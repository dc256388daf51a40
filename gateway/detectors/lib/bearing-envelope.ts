import { halfSpectrum, meanOf, planOf, powerOfTwo } from "./spectrum.ts";

/**
 * How strongly the knocks in a signal repeat at each rate: 1 is chance. The spectrum is whitened (every frequency of
 * equal strength: cepstrum pre-whitening), cut into overlapping bands, and the squared envelopes of all bands are judged
 * together, so that a fault shows in whatever band the housing carries it.
 */
export interface EnvelopeSpectrum {
  readonly strength: Float64Array;
  /** Hz per bin. */
  readonly step: number;
}

/** A band is as wide as so many shaft turns a second, so that three knocks of the fastest kind fit; in Hz no less than this. */
const BAND_TURNS = 25;
const NARROWEST = 500;
/** Median of an exponentially distributed power over its mean. */
const CHANCE = Math.LN2;

export function envelopeSpectrum(samples: Float32Array, rate: number, shaft: number): EnvelopeSpectrum {
  const size = powerOfTwo(samples.length + 1) / 2;
  const half = size / 2;
  const width = Math.min(half, Math.round((Math.max(NARROWEST, BAND_TURNS * shaft) * size) / rate));
  const slot = 2 * powerOfTwo(width);
  const step = rate / size;
  const strength = new Float64Array(slot / 2);
  const floorSpan = Math.max(16, Math.round((3 * shaft) / step));
  let looks = 0;
  for (const start of starts(samples.length, size)) {
    const bins = whitened(samples.subarray(start, start + size));
    for (let from = 0; from + width <= half; from += Math.max(1, width >> 1)) {
      const power = envelopePower(bins, from, width, slot);
      levelled(power, floorSpan);
      for (let k = 0; k < strength.length; k++) strength[k] = (strength[k] ?? 0) + (power[k] ?? 0);
      looks++;
    }
  }
  for (let k = 0; k < strength.length; k++) strength[k] = (strength[k] ?? 0) / Math.max(1, looks);
  return { strength, step };
}

/** Whole powers of two, from both ends where one leaves more than a tenth unseen. */
const starts = (length: number, size: number): number[] => (length > 1.1 * size ? [0, length - size] : [0]);

/** Every bin brought to size 1; only its phase, which is its timing, stays. */
function whitened(samples: Float32Array): Float64Array {
  const mean = meanOf(samples);
  const { bins, size } = halfSpectrum(Float64Array.from(samples, (x) => x - mean));
  for (let k = 0; k <= size / 2; k++) {
    const length = Math.hypot(bins[2 * k] ?? 0, bins[2 * k + 1] ?? 0) || 1;
    bins[2 * k] = (bins[2 * k] ?? 0) / length;
    bins[2 * k + 1] = (bins[2 * k + 1] ?? 0) / length;
  }
  return bins;
}

/** Power spectrum of the squared envelope of one band. */
function envelopePower(bins: Float64Array, from: number, width: number, slot: number): Float64Array {
  const cut = new Float64Array(2 * slot);
  for (let k = 0; k < width; k++) {
    const taper = 0.5 - 0.5 * Math.cos((2 * Math.PI * (k + 0.5)) / width);
    cut[2 * k] = (bins[2 * (from + k)] ?? 0) * taper;
    cut[2 * k + 1] = (bins[2 * (from + k) + 1] ?? 0) * taper;
  }
  const plan = planOf(slot);
  const analytic = new Float64Array(2 * slot);
  plan.inverseTransform(analytic, cut);
  const envelope = new Float64Array(slot);
  for (let i = 0; i < slot; i++) envelope[i] = (analytic[2 * i] ?? 0) ** 2 + (analytic[2 * i + 1] ?? 0) ** 2;
  const mean = meanOf(envelope);
  for (let i = 0; i < slot; i++) envelope[i] = (envelope[i] ?? 0) / mean - 1;
  plan.realTransform(cut, envelope);
  const power = new Float64Array(slot / 2);
  for (let k = 0; k < power.length; k++) power[k] = (cut[2 * k] ?? 0) ** 2 + (cut[2 * k + 1] ?? 0) ** 2;
  return power;
}

/** Divides by what is usual in the neighbourhood (its median, made a mean): chance becomes 1 everywhere. */
function levelled(power: Float64Array, span: number): void {
  const middles: number[] = [];
  for (let from = 0; from < power.length; from += span) {
    const stretch = power.slice(from, from + span).sort();
    middles.push((stretch[stretch.length >> 1] ?? 0) / CHANCE);
  }
  for (let k = 0; k < power.length; k++) {
    const place = k / span - 0.5;
    const left = Math.min(middles.length - 1, Math.max(0, Math.floor(place)));
    const share = Math.min(1, Math.max(0, place - left));
    const floor = (middles[left] ?? 0) * (1 - share) + (middles[Math.min(left + 1, middles.length - 1)] ?? 0) * share;
    power[k] = floor > 0 ? (power[k] ?? 0) / floor : 1;
  }
}
