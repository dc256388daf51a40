import FFT from "fft.js";
import { thirdOctaves } from "../../core/burst.ts";

/** Standard gravity: bursts are in g, velocities in mm/s. */
const MM_PER_S2_OF_G = 9_806.65;

/** Mean squares by frequency: the sum over a stretch of bins is the mean square of that part of the signal. */
export interface PowerSpectrum {
  readonly power: Float64Array;
  /** Hz per bin. */
  readonly step: number;
}

// Plans and windows cost more than a transform; bursts come in few lengths. The oldest plan goes first.
const plans = new Map<number, FFT>();
const MOST_PLANS = 12;

export function planOf(size: number): FFT {
  const known = plans.get(size);
  if (known) return known;
  const [oldest] = plans.keys();
  if (plans.size >= MOST_PLANS && oldest !== undefined) plans.delete(oldest);
  const plan = new FFT(size);
  plans.set(size, plan);
  return plan;
}

export const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, least)));

/** Complex bins (real, imaginary by turns) of a real signal padded with zeros to a power of two: DC up to half the rate. */
export function halfSpectrum(signal: ArrayLike<number>): { bins: Float64Array; size: number } {
  const size = powerOfTwo(signal.length);
  const padded = new Float64Array(size);
  padded.set(signal);
  const bins = new Float64Array(2 * size);
  planOf(size).realTransform(bins, padded);
  return { bins, size };
}

/** Power by frequency under a Hann window, the mean taken away first. */
export function powerSpectrum(samples: ArrayLike<number>, rate: number): PowerSpectrum {
  const { length } = samples;
  const mean = meanOf(samples);
  const windowed = new Float64Array(length);
  let weight = 0;
  for (let i = 0; i < length; i++) {
    const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length);
    weight += w * w;
    windowed[i] = w * ((samples[i] ?? 0) - mean);
  }
  const { bins, size } = halfSpectrum(windowed);
  const power = new Float64Array(size / 2 + 1);
  const scale = 2 / (size * weight);
  for (let k = 0; k < power.length; k++) power[k] = scale * ((bins[2 * k] ?? 0) ** 2 + (bins[2 * k + 1] ?? 0) ** 2);
  return { power, step: rate / size };
}

/** R.m.s. of the part of the signal between two frequencies. */
export const bandRms = (spectrum: PowerSpectrum, low: number, high: number): number =>
  Math.sqrt(sumOf(spectrum, low, high, () => 1));

/** Velocity r.m.s. in mm/s of an acceleration spectrum in g: divided by j2πf, never integrated in time. */
export const velocityRms = (spectrum: PowerSpectrum, low = 10, high = 1_000): number =>
  MM_PER_S2_OF_G * Math.sqrt(sumOf(spectrum, low, high, (f) => (2 * Math.PI * f) ** -2));

/** Frequency and amplitude of the strongest line near a frequency (± `share` of it). */
export function lineNear(spectrum: PowerSpectrum, near: number, share = 0.03): { hz: number; amplitude: number } {
  const { power, step } = spectrum;
  const reach = Math.max(2, Math.round((share * near) / step));
  const middle = Math.round(near / step);
  let top = middle;
  for (let k = Math.max(1, middle - reach); k <= middle + reach; k++) if ((power[k] ?? 0) > (power[top] ?? 0)) top = k;
  // All of the line lies within its main lobe, whatever the padding: four bins of the unpadded transform, to each side eight of ours at most.
  let sum = 0;
  let moment = 0;
  for (let k = Math.max(1, top - 8); k <= top + 8; k++) {
    sum += power[k] ?? 0;
    moment += k * (power[k] ?? 0);
  }
  return { hz: sum > 0 ? (moment / sum) * step : 0, amplitude: Math.sqrt(2 * sum) };
}

/** R.m.s. per third-octave band, in g. */
export const bandLevels = (spectrum: PowerSpectrum, rate: number): number[] =>
  thirdOctaves(rate).map((centre) => bandRms(spectrum, centre * 2 ** (-1 / 6), centre * 2 ** (1 / 6)));

function sumOf({ power, step }: PowerSpectrum, low: number, high: number, weight: (hz: number) => number): number {
  const first = Math.max(1, Math.ceil(low / step));
  const last = Math.min(power.length - 1, Math.floor(high / step));
  let sum = 0;
  for (let k = first; k <= last; k++) sum += (power[k] ?? 0) * weight(k * step);
  return sum;
}

export function meanOf(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] ?? 0;
  return sum / Math.max(1, samples.length);
}

/** What one burst amounts to, as readings and cards show it. */
export interface BurstFeatures {
  /** g, about the mean. */
  rms: number;
  peak: number;
  crest: number;
  /** 3 for noise, more for knocks. */
  kurtosis: number;
  /** R.m.s. above 5 kHz in g; undefined where the rate cannot tell. */
  high: number | undefined;
  /** Velocity r.m.s. 10–1000 Hz in mm/s; undefined for bursts too short or too slow to tell. */
  velocity: number | undefined;
  /** R.m.s. per third-octave band, g. */
  bands: number[];
}

/** Shorter bursts cannot tell 10 Hz from drift. */
const VELOCITY_SECONDS = 0.95;

export function featuresOf(samples: ArrayLike<number>, rate: number): BurstFeatures {
  const mean = meanOf(samples);
  let second = 0;
  let fourth = 0;
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const x = (samples[i] ?? 0) - mean;
    const square = x * x;
    second += square;
    fourth += square * square;
    peak = Math.max(peak, Math.abs(x));
  }
  second /= Math.max(1, samples.length);
  fourth /= Math.max(1, samples.length);
  const rms = Math.sqrt(second);
  const spectrum = powerSpectrum(samples, rate);
  return {
    rms,
    peak,
    crest: rms > 0 ? peak / rms : 0,
    kurtosis: second > 0 ? fourth / (second * second) : 0,
    high: rate >= 12_800 ? bandRms(spectrum, 5_000, rate / 2) : undefined,
    velocity: rate >= 2_560 && samples.length >= VELOCITY_SECONDS * rate ? velocityRms(spectrum) : undefined,
    bands: bandLevels(spectrum, rate),
  };
}
