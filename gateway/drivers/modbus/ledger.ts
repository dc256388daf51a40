import type { FaultCode } from "../../core/fault.ts";
import type { Meters, Series } from "../../core/meter.ts";
import type { Reading } from "../../core/reading.ts";
import type { Ms } from "../../core/time.ts";

const KEPT = 256;

/** The newest few hundred of some durations, for percentiles when somebody asks. */
export class Durations {
  readonly #values = new Float64Array(KEPT);
  #count = 0;

  add(ms: Ms): void {
    this.#values[this.#count++ % KEPT] = ms;
  }

  /** 0 while there is nothing. */
  percentile(share: number): Ms {
    const values = this.#values.slice(0, Math.min(this.#count, KEPT)).sort();
    return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
  }
}

/** What one device's figures are: `scheduled = good + bad + skipped`, always; uncertain readings count as good. */
export class Ledger {
  readonly thought = new Durations();
  readonly #labels: { driver: string; device: string };
  readonly #meters: Meters;
  readonly #scheduled: Series;
  readonly #good: Series;
  readonly #bad: Series;
  readonly #skipped: Series;
  readonly #results = new Map<string, Series>();
  readonly #periods = new Map<Ms, { period: Durations; last: Ms | undefined }>();

  constructor(meters: Meters, driver: string, device: string) {
    const labels = { driver, device };
    this.#labels = labels;
    this.#meters = meters;
    this.#scheduled = meters.counter("modbus_readings_scheduled_total", "Readings that were due", labels);
    this.#good = meters.counter("modbus_readings_good_total", "Readings with a number", labels);
    this.#bad = meters.counter("modbus_readings_bad_total", "Readings without a number", labels);
    this.#skipped = meters.counter(
      "modbus_readings_skipped_total",
      "Readings left out because the bus was late",
      labels,
    );
    const p50 = meters.gauge("modbus_response_p50_ms", "Median time from question to answer", labels);
    const p99 = meters.gauge("modbus_response_p99_ms", "99th percentile of the time from question to answer", labels);
    meters.probe(() => {
      p50.value = this.thought.percentile(0.5);
      p99.value = this.thought.percentile(0.99);
    });
  }

  exchanged(result: "answered" | FaultCode, thought: Ms): void {
    if (result === "answered") this.thought.add(thought);
    let series = this.#results.get(result);
    if (!series) {
      series = this.#meters.counter("modbus_exchanges_total", "Questions by how they ended", {
        ...this.#labels,
        result,
      });
      this.#results.set(result, series);
    }
    series.value++;
  }

  /** Questions so far, and how many of them ended in that way. */
  count(result: "answered" | FaultCode): number {
    return this.#results.get(result)?.value ?? 0;
  }

  get asked(): number {
    let sum = 0;
    for (const { value } of this.#results.values()) sum += value;
    return sum;
  }

  /** Errors so far, by kind. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#results].filter(([kind]) => kind !== "answered").map(([kind, { value }]) => [kind, value]),
    );
  }

  taken(readings: readonly Reading[], skipped: number): void {
    let bad = 0;
    for (const reading of readings) if (reading.quality === "bad") bad++;
    this.#bad.value += bad;
    this.#good.value += readings.length - bad;
    this.#skipped.value += skipped;
    this.#scheduled.value += readings.length + skipped;
  }

  /** A poll of the signals with this planned period has begun. */
  polled(every: Ms, now: Ms): void {
    let known = this.#periods.get(every);
    if (!known) {
      known = { period: new Durations(), last: undefined };
      this.#periods.set(every, known);
      this.#showPeriod(every, known.period);
    }
    if (known.last !== undefined) known.period.add(now - known.last);
    known.last = now;
  }

  #showPeriod(every: Ms, period: Durations): void {
    const labels = { ...this.#labels, every: `${every}` };
    const p50 = this.#meters.gauge("modbus_period_p50_ms", "Median time between two polls, per planned period", labels);
    const p95 = this.#meters.gauge("modbus_period_p95_ms", "95th percentile of the time between two polls", labels);
    this.#meters.probe(() => {
      p50.value = period.percentile(0.5);
      p95.value = period.percentile(0.95);
    });
  }
}
