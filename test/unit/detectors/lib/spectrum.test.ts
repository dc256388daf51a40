import { describe, expect, test } from "vitest";
import { thirdOctaves } from "../../../../gateway/core/burst.ts";
import { envelopeSpectrum } from "../../../../gateway/detectors/lib/bearing-envelope.ts";
import {
  bandLevels,
  bandRms,
  featuresOf,
  lineNear,
  powerSpectrum,
  velocityRms,
} from "../../../../gateway/detectors/lib/spectrum.ts";
import { noise } from "../../../noise.ts";
import { knocks } from "./knocks.ts";

/** Signals whose answers are known on paper. */
const signal = (seconds: number, rate: number, at: (t: number) => number) =>
  Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => at(i / rate));

const sine = (amplitude: number, hz: number) => (t: number) => amplitude * Math.sin(2 * Math.PI * hz * t + 0.4);

const within = (share: number, found: number, known: number) => {
  expect(Math.abs(found / known - 1)).toBeLessThan(share);
};

describe.each([
  { rate: 3_200, seconds: 1.28, hz: 49.7 },
  { rate: 12_000, seconds: 1, hz: 333.3 },
  { rate: 25_600, seconds: 1.28, hz: 999.1 },
  { rate: 25_600, seconds: 1, hz: 10_237 },
])("a tone of $hz Hz at $rate samples a second", ({ rate, seconds, hz }) => {
  const spectrum = powerSpectrum(
    signal(seconds, rate, (t) => 0.3 + sine(2.5, hz)(t)),
    rate,
  );

  test("has its frequency and amplitude within 1 %, whatever the offset", () => {
    const line = lineNear(spectrum, hz);
    within(0.01, line.hz, hz);
    within(0.01, line.amplitude, 2.5);
  });

  test("has its r.m.s. in its own band", () => {
    within(0.01, bandRms(spectrum, 0.8 * hz, 1.25 * hz), 2.5 / Math.SQRT2);
    expect(bandRms(spectrum, 1.3 * hz, rate / 2)).toBeLessThan(0.01);
  });
});

describe("velocity from acceleration", () => {
  test.each([12, 25, 50, 160, 500, 900])("a tone of 1 g at %i Hz becomes g / 2πf within 1 %%", (hz) => {
    const known = 9_806.65 / (2 * Math.PI * hz) / Math.SQRT2;
    within(0.01, velocityRms(powerSpectrum(signal(1.28, 6_400, sine(1, hz)), 6_400)), known);
  });

  test("of several tones adds up by squares, those outside 10–1000 Hz left out", () => {
    const mixed = (t: number) => sine(0.2, 25)(t) + sine(0.5, 120)(t) + sine(3, 1_900)(t) + sine(0.05, 3)(t);
    const parts = [0.2 / 25, 0.5 / 120].map((share) => (9_806.65 * share) / (2 * Math.PI) / Math.SQRT2);
    within(0.01, velocityRms(powerSpectrum(signal(2, 6_400, mixed), 6_400)), Math.hypot(...parts));
  });

  test("is not told from a burst that is too short, or sampled too slowly", () => {
    expect(featuresOf(signal(0.5, 6_400, sine(1, 50)), 6_400).velocity).toBeUndefined();
    expect(featuresOf(signal(2, 1_600, sine(1, 50)), 1_600).velocity).toBeUndefined();
  });
});

describe("features of a burst", () => {
  test("of a sine: crest √2, kurtosis 1.5", () => {
    const { rms, peak, crest, kurtosis } = featuresOf(signal(1, 12_800, sine(3, 100)), 12_800);
    within(0.001, rms, 3 / Math.SQRT2);
    within(0.001, peak, 3);
    within(0.001, crest, Math.SQRT2);
    within(0.001, kurtosis, 1.5);
  });

  test("of noise: kurtosis 3, and the share above 5 kHz is its share of the spectrum", () => {
    const rough = noise(1);
    const { kurtosis, high } = featuresOf(
      signal(2.56, 25_600, () => rough()),
      25_600,
    );
    expect(kurtosis).toBeCloseTo(3, 1);
    within(0.02, high ?? 0, Math.sqrt((12_800 - 5_000) / 12_800));
  });

  test("silence is zero, not NaN", () => {
    const { bands, ...rest } = featuresOf(
      signal(1, 12_800, () => 0),
      12_800,
    );
    expect(Object.values(rest)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(bands.every((band) => band === 0)).toBe(true);
  });
});

describe("third-octave bands", () => {
  test("a tone is in its band and nowhere else", () => {
    const centres = thirdOctaves(25_600);
    const levels = bandLevels(powerSpectrum(signal(1.28, 25_600, sine(1, 1_000)), 25_600), 25_600);
    const at = levels.indexOf(Math.max(...levels));
    within(0.001, centres[at] ?? 0, 1_000);
    within(0.01, levels[at] ?? 0, Math.SQRT1_2);
    expect(Math.max(...levels.filter((_, i) => i !== at))).toBeLessThan(0.01);
  });

  test("reach as far as the rate can tell", () => {
    expect(thirdOctaves(3_200).at(-1)).toBeLessThan(1_250);
    expect(thirdOctaves(25_600).at(-1)).toBeGreaterThan(7_900);
  });
});

describe("the envelope of a modulated carrier", () => {
  /** Frequency of the strongest line between 20 Hz and half as much again as the known one. */
  const loudest = (samples: Float32Array, known: number) => {
    const { strength, step } = envelopeSpectrum(samples, 12_000, 25);
    let top = Math.round(20 / step);
    for (let k = top; k * step < 1.5 * known; k++) if ((strength[k] ?? 0) > (strength[top] ?? 0)) top = k;
    return { hz: top * step, strength: strength[top] ?? 0 };
  };

  test.each([
    37, 88.4, 107.3,
  ])("a carrier of noise that swells %d times a second is found at that rate within 1 %%", (hz) => {
    const rough = noise(2);
    const line = loudest(
      signal(2, 12_000, (t) => (1 + 0.7 * Math.cos(2 * Math.PI * hz * t)) * rough()),
      hz,
    );
    within(0.01, line.hz, hz);
    expect(line.strength).toBeGreaterThan(20);
  });

  test.each([37, 88.4, 107.3])("knocks at %d Hz that come a little early or late, as slipping balls do, too", (hz) => {
    const line = loudest(knocks({ seconds: 6, rate: 12_000, hz, slip: 0.005, loud: 0.3, seed: 3 }), hz);
    within(0.01, line.hz, hz);
    expect(line.strength).toBeGreaterThan(5);
  });

  test("noise alone knocks nowhere: chance is 1", () => {
    const rough = noise(3);
    const { strength } = envelopeSpectrum(
      signal(4, 12_000, () => rough()),
      12_000,
      30,
    );
    const inner = strength.slice(20, strength.length / 2);
    expect(inner.reduce((sum, value) => sum + value, 0) / inner.length).toBeCloseTo(1, 1);
    expect(Math.max(...inner)).toBeLessThan(6);
  });
});
