import { once } from "node:events";
import { expect, test } from "vitest";
import { check, startWriter } from "../../kill/trial.ts";
import { temporaryFolder } from "../../sim/store.ts";

const LONG = 120_000;

test("killed at any moment, everything that was reported saved is there, in order, once", {
  timeout: LONG,
}, async () => {
  const folder = temporaryFolder();
  let next = 0;
  for (let round = 0; round < 4; round++) {
    const { child, told } = await startWriter(folder, next);
    await new Promise((resolve) => setTimeout(resolve, 300 + round * 170));
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = await check(folder);
    expect(found.wrong).toBeUndefined();
    expect(found.last).toBeGreaterThanOrEqual(told.saved);
    expect(found.cell).toBeGreaterThanOrEqual(told.cell);
    expect(found.last).toBeGreaterThan(next);
    next = found.last + 1;
  }
});
