import { z } from "zod";
import type { Cell, Cells } from "../core/log.ts";
import { DAY, type EpochMs } from "../core/time.ts";

const KIND = "fleeting";
const MOST_DAYS = 100;
const ofDay = z.record(z.string(), z.int().nonnegative());

/** Blips that a delay kept from people, by day and rule; on disk, so that the figure of a month survives a restart. */
export class Fleeting {
  readonly #days = new Map<string, Map<string, number>>();
  #changed = new Set<string>();

  add(rule: string, t: EpochMs): void {
    const day = dayOf(t);
    const counts = this.#days.get(day) ?? new Map<string, number>();
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
    this.#days.set(day, counts);
    this.#changed.add(day);
  }

  /** How many there were on the days that [from, to) touches. */
  between(from: EpochMs, to: EpochMs): number {
    const days = [...this.#days].filter(([day]) => Date.parse(day) < to && Date.parse(day) + DAY > from);
    return days.reduce((sum, [, counts]) => sum + [...counts.values()].reduce((a, b) => a + b, 0), 0);
  }

  async load(cells: Cells): Promise<void> {
    for (const [day, cell] of await cells.load(KIND)) {
      const counts = ofDay.safeParse(cell).data;
      if (counts && !Number.isNaN(Date.parse(day))) this.#days.set(day, new Map(Object.entries(counts)));
    }
  }

  /** What changed since the last call; days that are too old to ask for leave the disk. */
  cells(): Cell[] {
    if (this.#changed.size === 0) return [];
    for (const day of [...this.#days.keys()].sort().slice(0, Math.max(0, this.#days.size - MOST_DAYS))) {
      this.#days.delete(day);
      this.#changed.add(day);
    }
    const changed = this.#changed;
    this.#changed = new Set();
    return [...changed].map((key) => {
      const counts = this.#days.get(key);
      return { kind: KIND, key, value: counts ? Object.fromEntries(counts) : null };
    });
  }

  /** Puts back what a failed commit did not write. */
  again(cells: readonly Cell[]): void {
    for (const { kind, key } of cells) if (kind === KIND) this.#changed.add(key);
  }
}

const dayOf = (t: EpochMs): string => new Date(t).toISOString().slice(0, 10);
