import type { FaultCode } from "../../core/fault.ts";
import type { Meters, Series } from "../../core/meter.ts";
import type { Point } from "../../core/point.ts";
import type { Ms } from "../../core/time.ts";
import { Paces } from "./paces.ts";
import { wireFaults } from "./refusal.ts";
import { Share } from "./share.ts";

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

/** One device's figures. Readings: `scheduled = good + bad + skipped`, where good and bad are counted from what the driver yields. */
export class Ledger {
  readonly thought = new Durations();
  readonly #labels: { driver: string; device: string };
  readonly #meters: Meters;
  readonly #scheduled: Series;
  readonly #skipped: Series;
  readonly #results = new Map<"answered" | FaultCode, Series>();
  readonly #periods = new Map<Ms, { period: Durations; last: Ms | undefined }>();
  #spent: Ms = 0;
  readonly paces: Paces;

  /** `now`: monotonic time. */
  constructor(meters: Meters, driver: string, device: string, points: readonly Point[], now: () => Ms) {
    const labels = { driver, device };
    this.#labels = labels;
    this.#meters = meters;
    this.#scheduled = meters.counter("readings_scheduled_total", "Readings that were due", labels);
    this.#skipped = meters.counter("readings_skipped_total", "Readings left out because the bus was late", labels);
    const p50 = meters.gauge("response_p50_ms", "Median time from question to answer", labels);
    const p99 = meters.gauge("response_p99_ms", "99th percentile of the time from question to answer", labels);
    const spent = meters.counter("device_bus_ms_total", "Time that a device had the bus", labels);
    const share = meters.gauge("bus_share_percent", "Share of its bus's time that a device had lately", labels);
    const failing = meters.gauge("failed_questions_percent", "Questions of a device without an answer lately", labels);
    const spending = new Share(() => this.#spent, now);
    let seen = { asked: 0, answered: 0 };
    meters.probe(() => {
      share.value = spending.look();
      const [asked, answered] = [this.asked - seen.asked, this.count("answered") - seen.answered];
      // A handful of questions makes no percentage worth a line.
      if (asked >= 10) {
        failing.value = round((100 * (asked - answered)) / asked);
        seen = { asked: this.asked, answered: this.count("answered") };
      }
      p50.value = round(this.thought.percentile(0.5));
      p99.value = round(this.thought.percentile(0.99));
      spent.value = round(this.#spent);
    });
    for (const ms of new Set(points.map((point) => point.signal.every))) this.#showPeriod(ms);
    this.paces = new Paces(meters, labels, points, now);
  }

  exchanged(result: "answered" | FaultCode, thought: Ms, spent: Ms): void {
    this.#spent += spent;
    if (result === "answered") {
      this.thought.add(thought);
      this.paces.answered();
    }
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

  /** How many questions ended in that way. */
  count(result: "answered" | FaultCode): number {
    return this.#results.get(result)?.value ?? 0;
  }

  get asked(): number {
    let sum = 0;
    for (const { value } of this.#results.values()) sum += value;
    return sum;
  }

  /** Questions that reached the wire: a missing port says nothing about the devices behind it. */
  get sent(): number {
    let sum = 0;
    for (const [result, { value }] of this.#results) if (result === "answered" || !wireFaults.has(result)) sum += value;
    return sum;
  }

  /** Errors so far, by kind. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#results].filter(([kind]) => kind !== "answered").map(([kind, { value }]) => [kind, value]),
    );
  }

  taken(readings: number, skipped: number): void {
    this.#skipped.value += skipped;
    this.#scheduled.value += readings + skipped;
  }

  /** A poll of the signals with this planned period has begun. */
  polled(every: Ms, now: Ms): void {
    const known = this.#periods.get(every);
    if (!known) return;
    if (known.last !== undefined) known.period.add(now - known.last);
    known.last = now;
  }

  #showPeriod(every: Ms): void {
    const period = new Durations();
    this.#periods.set(every, { period, last: undefined });
    const labels = { ...this.#labels, every: `${every}` };
    const p50 = this.#meters.gauge("period_p50_ms", "Median time between two polls, per planned period", labels);
    const p95 = this.#meters.gauge("period_p95_ms", "95th percentile of the time between two polls", labels);
    this.#meters.probe(() => {
      p50.value = round(period.percentile(0.5));
      p95.value = round(period.percentile(0.95));
    });
  }
}

const round = (ms: Ms): Ms => Math.round(10 * ms) / 10;
