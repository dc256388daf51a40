import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Meters } from "../../../gateway/core/meter.ts";
import { good } from "../../../gateway/core/reading.ts";
import { DAY, HOUR } from "../../../gateway/core/time.ts";
import { checkBeside } from "../../../gateway/log/self-check.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { memoryLogger, openTestStore, running, temporaryFolder } from "../../sim/store.ts";

test("a large store is looked through an hour after the start, every week again, and damage between its rows is told", async () => {
  const t = await openTestStore();
  for (let n = 0; n < 40; n++) {
    const readings = Array.from({ length: 1_000 }, (_, i) =>
      good(`m/s${i % 9}`, t.clock.now(), Math.sin(n * 1_000 + i)),
    );
    await running(t.clock, t.store.readings.append(readings));
  }
  await t.close();
  const file = join(temporaryFolder(), STORE_FILE);
  const sound = readFileSync(join(t.folder, STORE_FILE));
  writeFileSync(file, sound);

  const [clock, meters, said] = [new VirtualClock(), new Meters(), [] as string[]];
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const parts = { clock, meters, say: memoryLogger(said), signal: ending.signal };
  void checkBeside(file, { ...parts, largerThan: 10_000 });
  await clock.advance(HOUR);
  await expect.poll(() => clock.sleeping, { timeout: 15_000 }).toBe(1);
  expect(meters.sum("store_unsound")).toBe(0);

  // The head of every page in the middle of the file: how many rows it holds, and where.
  const damaged = Buffer.from(sound);
  for (let page = 20; page < 60; page++) damaged.fill(0xff, page * 2_048 + 1, page * 2_048 + 8);
  writeFileSync(file, damaged);
  await clock.advance(6 * DAY);
  expect(meters.sum("store_unsound")).toBe(0);
  await clock.advance(DAY);
  await expect.poll(() => meters.sum("store_unsound"), { timeout: 15_000 }).toBe(1);
  expect(said.join("\n")).toMatch(/the store is damaged in places/);
});
