import type { SignalReport } from "../../core/driver.ts";
import type { Meters } from "../../core/meter.ts";
import type { Point } from "../../core/point.ts";
import type { Reading } from "../../core/reading.ts";
import type { Ms } from "../../core/time.ts";

/** Periods kept of each signal: enough for a p95, and a thousand signals take 128 kB. */
const KEPT = 32;
/** Percentiles of a thousand signals take milliseconds: whoever asks again within this time gets the same. */
const FRESH: Ms = 5_000;

/** What each signal of a device really gets: the time from number to number, and why there was none. */
export class Paces {
  /** When the newest answer came: asking the clock once per answer, not once per signal. */
  #answeredAt: Ms = 0;
  readonly #points: readonly Point[];
  readonly #periods: Float32Array;
  readonly #last: Float64Array;
  readonly #counts: Uint32Array;
  readonly #errors = new Map<number, Map<string, number>>();
  readonly #now: () => Ms;

  constructor(meters: Meters, labels: { driver: string; device: string }, points: readonly Point[], now: () => Ms) {
    this.#points = points;
    this.#now = now;
    this.#periods = new Float32Array(KEPT * points.length);
    this.#last = new Float64Array(points.length).fill(Number.NaN);
    this.#counts = new Uint32Array(points.length);
    const gauges = points.map((point) => {
      const own = { ...labels, signal: point.id };
      return {
        p50: meters.gauge("signal_period_p50_ms", "Median time between two numbers of a signal", own),
        p95: meters.gauge("signal_period_p95_ms", "95th percentile of the time between two numbers of a signal", own),
      };
    });
    let measured = Number.NEGATIVE_INFINITY;
    meters.probe(() => {
      if (now() - measured < FRESH) return;
      measured = now();
      for (const [i, { p50, p95 }] of gauges.entries()) {
        const sorted = this.#sorted(i);
        [p50.value, p95.value] = [at(sorted, 0.5) ?? 0, at(sorted, 0.95) ?? 0];
      }
      for (const [i, kinds] of this.#errors)
        for (const [kind, count] of kinds)
          meters.counter("signal_errors_total", "Readings of a signal without a number, by reason", {
            ...labels,
            signal: points[i]?.id ?? "",
            kind,
          }).value = count;
    });
  }

  /** An answer has come; `read` for each of its signals follows. */
  answered(): void {
    this.#answeredAt = this.#now();
  }

  /** The signal with that index was read. */
  read(index: number, reading: Reading): void {
    if (reading.quality === "bad") {
      const kinds = this.#errors.get(index) ?? new Map<string, number>();
      kinds.set(reading.why, (kinds.get(reading.why) ?? 0) + 1);
      this.#errors.set(index, kinds);
      return;
    }
    const period = this.#answeredAt - (this.#last[index] ?? Number.NaN);
    this.#last[index] = this.#answeredAt;
    if (Number.isNaN(period)) return;
    const count = this.#counts[index] ?? 0;
    this.#periods[index * KEPT + (count % KEPT)] = period;
    this.#counts[index] = count + 1;
  }

  list(): SignalReport[] {
    return this.#points.map((point, i) => {
      const sorted = this.#sorted(i);
      return {
        device: point.device,
        point: point.id,
        every: point.signal.every,
        period_p50_ms: at(sorted, 0.5),
        period_p95_ms: at(sorted, 0.95),
        errors: Object.fromEntries(this.#errors.get(i) ?? []),
      };
    });
  }

  #sorted(index: number): Float32Array {
    const from = index * KEPT;
    return this.#periods.slice(from, from + Math.min(this.#counts[index] ?? 0, KEPT)).sort();
  }
}

/** Null while there is nothing. */
function at(sorted: Float32Array, share: number): Ms | null {
  const found = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return found === undefined ? null : Math.round(10 * found) / 10;
}
