import { expect, test } from "vitest";
import type { Verdict } from "../../../gateway/log/keeper.ts";
import { machineScript, type World } from "../../sim/time-script.ts";

const SCRIPTS = 1_000;

test(`${SCRIPTS} scripts of cuts, stale clocks, drift, late syncs, steps and lies`, () => {
  const seen = { readings: 0, bounded: 0, corrected: 0, refused: 0, back: 0 };
  for (let seed = 1; seed <= SCRIPTS; seed++) {
    const world = machineScript(seed);
    const why = `seed ${seed}`;
    inOrder(world, why);
    neverOverwritten(world, why);
    accurate(world, why);
    bounded(world, why);
    const refused = (verdict: Verdict) => verdict.kind === "refused";
    seen.readings += world.stored.length;
    seen.bounded += world.final.filter((entry) => entry.tq === "bounded").length;
    seen.corrected += world.final.filter((entry, i) => entry.item.t !== world.stored[i]?.entry.item.t).length;
    seen.refused += world.verdicts.filter(refused).length;
    seen.back += world.verdicts.filter((verdict) => verdict.kind === "back").length;
  }
  // A property that never met its case proves nothing.
  expect(seen.readings).toBeGreaterThan(50_000);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});

function inOrder({ final }: World, why: string): void {
  for (const [i, entry] of final.entries()) {
    const before = final[i - 1];
    if (!before) continue;
    const ordered = entry.boot >= before.boot && entry.seq > before.seq && entry.steady >= before.steady;
    expect(ordered, `${why}: entry ${i} out of order`).toBe(true);
  }
}

function neverOverwritten({ final }: World, why: string): void {
  const places = new Set(final.map((entry) => `${entry.boot} ${entry.item.t}`));
  expect(places.size, `${why}: readings share a boot and a time`).toBe(final.length);
}

/** 100 ms, and twice what the crystal may have drifted since somebody knew the time. */
function accurate({ final, stored }: World, why: string): void {
  for (const [i, entry] of final.entries()) {
    const told = stored[i];
    if (!told?.known || entry.tq === "bounded") continue;
    const error = Math.abs(entry.item.t - told.truth);
    const allowed = 100 + 2 * told.drift;
    expect(error <= allowed, `${why}: entry ${i} (${entry.tq}) is ${error} ms off, ${allowed} allowed`).toBe(true);
  }
}

function bounded({ final, stored, boots, misled }: World, why: string): void {
  for (const [i, entry] of final.entries()) {
    expect(entry.tq, `${why}: entry ${i} was never placed`).not.toBe("unsynced");
    if (entry.tq !== "bounded" || misled) continue;
    const [low, high] = boots.get(entry.boot)?.bounds ?? [Infinity, -Infinity];
    const truth = stored[i]?.truth ?? 0;
    // The bounds come from readings nearby, which may drift as well.
    expect(truth >= low - 60_000 && truth <= high + 60_000, `${why}: entry ${i} lies outside its bounds`).toBe(true);
  }
}
