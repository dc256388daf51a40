import { type Signal, signal } from "@preact/signals";
import type { HistoryAnswer } from "../../gateway/core/api.ts";
import { gatewayNow } from "./clock.ts";
import { get } from "./http.ts";
import { onFresh } from "./live.ts";

/** One stretch of a sparkline: its mean, or null where there was no good reading. */
export interface Step {
  t: number;
  mean: number | null;
}

export const TRAIL_SPAN = 30 * 60_000;
export const TRAIL_STEPS = 90;
const STEP = TRAIL_SPAN / TRAIL_STEPS;
const LONGEST_TRAIL = TRAIL_STEPS + 1;

/** The last half hour of a point: asked once from the history, then grown by what arrives. */
export class Trail {
  readonly steps: Signal<readonly Step[]> = signal([]);
  readonly #point: string;
  readonly #stop: () => void;
  readonly #asking = new AbortController();
  #sum = 0;
  #count = 0;
  #open = 0;

  constructor(point: string) {
    this.#point = point;
    this.#stop = onFresh((fresh) => {
      for (const { id, value, t } of fresh) if (id === point) this.#take(value, t ?? gatewayNow());
    });
    void this.#ask();
  }

  close(): void {
    this.#stop();
    this.#asking.abort();
  }

  async #ask(): Promise<void> {
    const to = Math.floor(gatewayNow() / STEP) * STEP;
    const range = `from=${to - TRAIL_SPAN}&to=${to}&buckets=${TRAIL_STEPS}`;
    try {
      const past = await get<HistoryAnswer>(
        `/history?point=${encodeURIComponent(this.#point)}&${range}`,
        this.#asking.signal,
      );
      const before = past.buckets.map(({ t, mean }) => ({ t, mean }));
      this.steps.value = [...before, ...this.steps.peek().filter((step) => step.t >= to)].slice(-LONGEST_TRAIL);
    } catch {
      // No past: the trail begins now.
    }
  }

  #take(value: number | null, t: number): void {
    const start = Math.floor(t / STEP) * STEP;
    if (start < this.#open) return;
    if (start > this.#open) {
      this.#open = start;
      this.#sum = 0;
      this.#count = 0;
      // Stretches nobody heard of stay holes.
      const last = this.steps.peek().at(-1);
      const missed = last ? Math.min(LONGEST_TRAIL, Math.round((start - last.t) / STEP) - 1) : 0;
      const holes = Array.from({ length: Math.max(0, missed) }, (_, i) => ({
        t: start - (missed - i) * STEP,
        mean: null,
      }));
      this.steps.value = [...this.steps.peek(), ...holes, { t: start, mean: value }].slice(-LONGEST_TRAIL);
    }
    if (value === null) return;
    this.#sum += value;
    this.#count++;
    // Only the first value and the closed mean are drawn: a sparkline that trembles four times a second is no calm page.
    const steps = this.steps.peek();
    const last = steps.at(-1);
    if (last && last.t === start && (last.mean === null || this.#count % 8 === 0)) {
      this.steps.value = [...steps.slice(0, -1), { t: start, mean: this.#sum / this.#count }];
    }
  }
}
