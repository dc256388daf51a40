import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { Meters } from "../../gateway/core/meter.ts";
import { Trial } from "../../gateway/trial.ts";
import { VirtualClock } from "../sim/clock.ts";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "vigie-trial-")), "site.yaml");
  writeFileSync(file, "new");
  writeFileSync(`${file}.before`, "old");
});

function counted(good: number, bad: number): Meters {
  const meters = new Meters();
  meters.counter("readings_good_total", "good", { driver: "a" }).value = good;
  meters.counter("readings_bad_total", "bad", { driver: "a" }).value = bad;
  return meters;
}

/** Runs a gateway on trial that reads 10 a second, `badShare` of them bad; what the trial says within two minutes. */
async function verdict(badShare: number): Promise<string> {
  const clock = new VirtualClock();
  const trial = new Trial(file, clock);
  trial.begin(counted(990, 10));
  const meters = counted(0, 0);
  const said = { word: "nothing" };
  void trial.watch(meters).then((word) => {
    said.word = word;
  });
  for (let second = 0; second < 120; second++) {
    meters.counter("readings_good_total", "good", { driver: "a" }).value += 10 * (1 - badShare);
    meters.counter("readings_bad_total", "bad", { driver: "a" }).value += 10 * badShare;
    await clock.advance(1_000);
  }
  if (said.word === "worse") expect(trial.giveBack()).toBe(true);
  return said.word;
}

test("a new site file that reads less well goes, and the old one comes back", async () => {
  expect(await verdict(0.3)).toBe("worse");
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readFileSync(`${file}.refused`, "utf8")).toBe("new");
});

test("one that reads as well as before stays", async () => {
  expect(await verdict(0.02)).toBe("nothing");
  expect(readFileSync(file, "utf8")).toBe("new");
});

test("a first start is not on trial, whatever it reads", async () => {
  const clock = new VirtualClock();
  const trial = new Trial(file, clock);
  const said = { word: "nothing" };
  void trial.watch(counted(0, 500)).then((word) => {
    said.word = word;
  });
  await clock.advance(120_000);
  expect(said.word).toBe("nothing");
  expect(existsSync(`${file}.before`)).toBe(true);
});
