import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { checkNumbers } from "../../kill/damage.ts";
import { describeWith } from "../../need.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

const SIM = join(import.meta.dirname, "../../sim");
const COUNT = 800_000;

interface Went {
  said: string[];
  state: string;
  damaged: number;
}

describeWith(["gcc"], "a disk that does not give one place of the store any more", () => {
  /** A store that is larger than what SQLite keeps in memory, all of it still in the log. */
  let sound = "";
  const ends: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    // Of today: what is older than the history keeps would go.
    const t = await openTestStore({
      afterwards: (end) => void ends.push(end),
      clock: new VirtualClock({ wall: Date.now() - 3_600_000 }),
    });
    for (let n = 0; n < COUNT; ) {
      const items = Array.from({ length: 20_000 }, () => good(`m/s${n % 5}`, t.clock.now(), n++));
      await running(t.clock, t.store.readings.append(items));
    }
    await t.close();
    expect(statSync(join(t.folder, STORE_FILE)).size).toBeGreaterThan(5e6);
    sound = t.folder;
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  /** The gateway's store in a process of its own, on a disk that has its hole from the start, or from when it is open. */
  async function run(folder: string, hole: { at: number; early: boolean }): Promise<Went & { hits: number }> {
    const place = temporaryFolder();
    const [library, control] = [join(place, "holed.so"), join(place, "hole")];
    execFileSync("gcc", ["-shared", "-fPIC", "-o", library, join(SIM, "holed.c"), "-ldl"]);
    const { ino } = statSync(join(folder, STORE_FILE));
    const spoil = () => writeFileSync(control, `${ino} ${hole.at} ${hole.at + 4_096}`);
    if (hole.early) spoil();
    const child = spawn(process.execPath, [join(SIM, "holed.ts"), folder, "0"], {
      env: { ...process.env, LD_PRELOAD: library, VIGIE_HOLE: control },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let went: Went | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== "open") went = JSON.parse(line);
      else {
        if (!hole.early) spoil();
        child.stdin.end("go\n");
      }
    }
    if (!went) throw new Error("it said nothing");
    return { ...went, hits: existsSync(`${control}.hits`) ? readFileSync(`${control}.hits`).length : 0 };
  }

  test.each([
    ["while it runs", false],
    ["at the start", true],
  ])(
    "%s: the file is left behind, what can be read comes along, what cannot is counted, and it goes on",
    async (_, early) => {
      const folder = temporaryFolder();
      cpSync(sound, folder, { recursive: true });
      const went = await run(folder, { at: 2_048 * 1_000, early });
      expect(went.hits).toBeGreaterThan(0);
      expect(went.state).toBe("ok");
      expect(went.said.join("\n")).toMatch(
        /the store was damaged; \d+ rows that are sound were carried into a new one/,
      );
      expect(went.damaged).toBeGreaterThan(0);
      // Two pages, with at most eight batches each.
      expect(went.damaged).toBeLessThanOrEqual(16_000);
      const found = checkNumbers(join(folder, STORE_FILE), COUNT);
      expect(found).toMatchObject({ wrong: 0, recovered: false });
      // What was in the history already is still there.
      expect(found.missing).toBeGreaterThan(0);
      expect(found.missing).toBeLessThanOrEqual(went.damaged);
    },
    90_000,
  );
});
