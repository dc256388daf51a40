/**
 * Where a positive signal spends its time: minutes per level, on a logarithmic scale of eight bins to the octave that
 * follows the largest value seen. Old time fades, so that a changed machine is learned anew within weeks.
 */
export interface Histogram {
  /** Eighths of an octave: the upper edge of the last bin is 2^(top / 8). */
  top: number;
  /** Minutes in each bin, the lowest first. */
  bins: number[];
  total: number;
}

const PER_OCTAVE = 8;
/** Seven octaves: from the load down to 0.8 % of it. */
const BINS = 7 * PER_OCTAVE;
const FADE_AT = 4 * 7 * 24 * 60;

export const histogram = (): Histogram => ({ top: 0, bins: new Array<number>(BINS).fill(0), total: 0 });

export function add(levels: Histogram, value: number, minutes: number): void {
  const place = Math.ceil(Math.log2(value) * PER_OCTAVE);
  if (levels.total === 0) levels.top = place;
  if (place > levels.top) grow(levels, place - levels.top);
  const bin = BINS - 1 - (levels.top - place);
  if (bin < 0) return;
  levels.bins[bin] = (levels.bins[bin] ?? 0) + minutes;
  levels.total += minutes;
  if (levels.total < FADE_AT) return;
  levels.bins = levels.bins.map((m) => m / 2);
  levels.total /= 2;
}

function grow(levels: Histogram, by: number): void {
  const kept = levels.bins.slice(by);
  levels.bins = [...kept, ...new Array<number>(BINS - kept.length).fill(0)];
  levels.top += by;
  levels.total = levels.bins.reduce((a, b) => a + b, 0);
}

const valueAt = (levels: Histogram, bin: number): number => 2 ** ((levels.top - (BINS - 1 - bin) - 0.5) / PER_OCTAVE);

/** The median level above `above`, or null where no time was spent there. */
export function middle(levels: Histogram, above: number): number | null {
  const upper = levels.bins.map((m, bin) => (valueAt(levels, bin) > above ? m : 0));
  let rest = upper.reduce((a, b) => a + b, 0) / 2;
  if (rest === 0) return null;
  for (let bin = 0; bin < BINS; bin++) {
    rest -= upper[bin] ?? 0;
    if (rest <= 0) return valueAt(levels, bin);
  }
  return null;
}

/**
 * The level that best parts the time in two (Otsu's split), or null where there is no true valley: both sides must hold
 * 3 % of the time, lie a factor 1.5 apart, and the time spent in between must be small beside both.
 */
export function valley(levels: Histogram): number | null {
  const { bins, total } = levels;
  const sum = bins.reduce((a, m, bin) => a + m * bin, 0);
  let [below, moment, best, split] = [0, 0, 0, -1];
  // Between two distant levels every split is equally good: the middle one is wanted.
  let last = -1;
  for (let bin = 0; bin < BINS - 1; bin++) {
    below += bins[bin] ?? 0;
    moment += (bins[bin] ?? 0) * bin;
    const above = total - below;
    if (below < 0.03 * total || above < 0.03 * total) continue;
    const apart = (sum - moment) / above - moment / below;
    if (apart < PER_OCTAVE * Math.log2(1.5)) continue;
    const between = below * above * apart * apart;
    if (between > best * (1 + 1e-9)) [best, split, last] = [between, bin, bin];
    else if (between >= best * (1 - 1e-9)) last = bin;
  }
  if (split < 0) return null;
  const at = Math.round((split + last) / 2);
  const smooth = bins.map((_, bin) => (bins[bin - 1] ?? 0) + (bins[bin] ?? 0) + (bins[bin + 1] ?? 0));
  const floor = Math.min(...smooth.slice(Math.max(0, at - 2), at + 3));
  const peaks = Math.min(Math.max(...smooth.slice(0, at + 1)), Math.max(...smooth.slice(at + 1)));
  return floor <= 0.4 * peaks ? 2 ** ((levels.top - (BINS - 1 - at)) / PER_OCTAVE) : null;
}
