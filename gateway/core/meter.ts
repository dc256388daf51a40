/** Labels of one time series, as in `{ bus: "ligne-1", kind: "crc" }`. */
export type Labels = Readonly<Record<string, string>>;

/** A number with its labels, as Prometheus text and the gateway's own readings show it. */
export interface Series {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labels: Labels;
  value: number;
}

/**
 * The one place where everything counts. Ask for a series once, keep it, and write `series.value` on the hot path.
 * Names are Prometheus names without the `vigie_` prefix; counters end in `_total`.
 */
export class Meters {
  readonly #series = new Map<string, Series>();
  readonly #probes: (() => void)[] = [];

  counter(name: string, help: string, labels: Labels = {}): Series {
    return this.#find(name, help, "counter", labels);
  }

  gauge(name: string, help: string, labels: Labels = {}): Series {
    return this.#find(name, help, "gauge", labels);
  }

  /** Registers work to be done just before the series are read (a gauge that costs something to know). */
  probe(measure: () => void): void {
    this.#probes.push(measure);
  }

  /** All series, probes run first. One that fails is counted: whoever asks (a timer, a page) must not fall with it. */
  all(): readonly Series[] {
    for (const measure of this.#probes) {
      try {
        measure();
      } catch {
        this.counter("probes_failed_total", "Times the gateway could not measure something of itself").value += 1;
      }
    }
    return [...this.#series.values()];
  }

  /** Sum of all series of that name whose labels include the given ones. */
  sum(name: string, labels: Labels = {}): number {
    let sum = 0;
    for (const series of this.#series.values()) {
      if (series.name !== name) continue;
      if (Object.entries(labels).every(([key, value]) => series.labels[key] === value)) sum += series.value;
    }
    return sum;
  }

  #find(name: string, help: string, kind: Series["kind"], labels: Labels): Series {
    const key = name + JSON.stringify(Object.entries(labels).sort());
    const known = this.#series.get(key);
    if (known) return known;
    const series: Series = { name, help, kind, labels, value: 0 };
    this.#series.set(key, series);
    return series;
  }
}
