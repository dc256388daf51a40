import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { openStore } from "../../gateway/log/store.ts";
import { eventually, expectLedger, launch, type RunningGateway } from "../sim/gateway.ts";
import { counted, sumOf } from "../sim/metrics.ts";
import { quiet } from "../sim/peers/kit.ts";

test("Ctrl-C ends the demonstration in peace: last words, exit code 0, nothing left running, every reading put away", {
  timeout: 90_000,
}, async () => {
  const gateway = await launch(["demo"]);
  onTestFinished(() => void gateway.stop("SIGKILL"));
  const workshop = childrenOf(gateway);
  expect(workshop).toHaveLength(1);
  await eventually(async () => ((await accepted(gateway)) > 50 ? true : undefined), 30_000);

  const before = await accepted(gateway);
  await expectLedger(gateway.metrics);
  const asked = performance.now();
  const ended = once(gateway.process, "exit");
  // A terminal sends it to everything in front: to the simulated workshop as well, which is gone first.
  for (const pid of workshop) process.kill(pid, "SIGINT");
  gateway.process.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  // Longer than the drivers and the followers are given together, somebody would press it again.
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(gateway.output().trim().split("\n").at(-1)).toBe("Stopping: putting the last readings away…");
  expect(workshop.filter(isAlive)).toEqual([]);

  const found = await numbersIn(gateway.data);
  expect(found.length).toBeGreaterThanOrEqual(before);
  // In one piece, from the first to the last.
  expect(found).toEqual(found.map((_, i) => i + 1));
});

const accepted = async ({ metrics }: RunningGateway): Promise<number> =>
  sumOf(counted(await metrics()), "readings_accepted_total");

/** The numbers of all readings that are on disk. */
async function numbersIn(folder: string): Promise<number[]> {
  const store = await openStore({ folder, clock, meters: new Meters(), say: quiet });
  try {
    const numbers: number[] = [];
    for (;;) {
      const some = await store.readings.after(numbers.at(-1) ?? 0, 1_000);
      if (some.length === 0) return numbers;
      numbers.push(...some.map(({ seq }) => seq));
    }
  } finally {
    await store.close();
  }
}

function childrenOf({ process: { pid } }: RunningGateway): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
