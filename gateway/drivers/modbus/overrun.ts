import type { Text } from "../../core/text.ts";
import { MINUTE, type Ms } from "../../core/time.ts";
import { type BudgetDevice, budgetOf, tooFull } from "./budget.ts";
import { TURNAROUND } from "./copper.ts";
import type { Durations } from "./ledger.ts";
import type { Cost } from "./plan.ts";

export interface OverrunDevice extends Omit<BudgetDevice, "slower"> {
  readonly ledger: { readonly thought: Durations };
}

/**
 * A plan is checked with the answer time of common devices. Where readings have to be left out it is computed again with the times
 * that were measured: then it may be the devices that are too slow for it.
 */
export class Overrun {
  /** Why readings are left out; undefined where the plan fits. */
  why: Text | undefined;
  readonly #devices: readonly OverrunDevice[];
  readonly #cost: Cost;
  #lookAt: Ms = 0;

  constructor(devices: readonly OverrunDevice[], cost: Cost) {
    this.#devices = devices;
    this.#cost = cost;
  }

  /** A poll was taken that left out so many readings. True when that has a reason which it had not before. */
  taken(skipped: number, now: Ms): boolean {
    if (now < this.#lookAt || (skipped === 0 && !this.why)) return false;
    this.#lookAt = now + MINUTE;
    const before = this.why;
    const measured = this.#devices.map(({ id, tags, limits, ledger }) => {
      return { id, tags, limits, slower: Math.max(0, ledger.thought.percentile(0.5) - TURNAROUND) };
    });
    const full = tooFull(budgetOf(measured, this.#cost));
    this.why = full && {
      fr: `Les appareils répondent trop lentement pour être lus si souvent : ${full.fr}.`,
      en: `The devices answer too slowly to be read that often: ${full.en}.`,
    };
    return this.why !== undefined && !before;
  }
}
