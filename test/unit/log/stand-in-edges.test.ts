import { expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { good } from "../../../gateway/core/reading.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { everything, openHouse, spoiled, valuesOf } from "../../sim/house.ts";
import { memoryLogger, temporaryFolder } from "../../sim/store.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test("a sink that somebody has called disk takes nothing from what waits for the disk", async () => {
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  const { readings, cells } = during.store;
  const ending = new AbortController();
  const options = { cells, clock, say: memoryLogger([]), meters: during.meters, signal: ending.signal, drain: 100 };
  const taken: number[] = [];
  const sink = {
    name: "disk",
    apply: async (batch: Parameters<typeof valuesOf>[0]) => void taken.push(...valuesOf(batch)),
  };
  const following = follow(readings, sink, options);
  // A row each: only the newest 500 stay for their own sake.
  for (const value of upTo(600)) {
    void readings.append([good("m/n", clock.now(), value)]);
    await cells.commit({});
  }
  ending.abort();
  await following;
  expect(taken).toEqual(upTo(600));
  await readings.trim();
  await during.close();
  heal();

  const after = await openHouse(folder);
  expect(valuesOf(await everything(after.store))).toEqual(upTo(600));
}, 30_000);
