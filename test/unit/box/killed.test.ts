import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { type Layout, layout } from "../../../gateway/box/layout.ts";
import { checkSeal, newKey, papers } from "../../../gateway/box/manifest.ts";
import { settle } from "../../../gateway/box/update.ts";
import { describeWith } from "../../need.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { packed, tinyBox, tinyRelease } from "./tiny.ts";

/** Every call with which a program changes a folder; node, tar and sync make them. */
const CHANGES = ["rename", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "syncfs"];
const script = join(import.meta.dirname, "updating.ts");

/** Runs the update in a process of its own and kills whoever makes the n-th change of that kind, before it is made. */
function killedAt(change: string, n: number, root: string, file: string, how: "well" | "ill") {
  const trace = [
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    `trace=${change}`,
    "-e",
    `inject=${change}:signal=KILL:when=${n}`,
  ];
  return spawnSync("strace", [...trace, process.execPath, script, root, file, how], { encoding: "utf8" });
}

const whole = async (at: Layout) => {
  const home = join(at.current, "..", readlinkSync(at.current));
  return (await checkSeal(home, join(at.current, papers.key))).version;
};

/** What the next boot does: the unit vigie-settle. */
const boot = async (root: string, well: boolean) => {
  const clock = new VirtualClock();
  let over = false;
  const parts = {
    root,
    clock,
    tell: () => undefined,
    restart: async () => undefined,
    bringBack: async () => undefined,
  };
  const settled = settle({ ...parts, well: async () => well }).finally(() => {
    over = true;
  });
  await clock.until(() => over, { limit: 120_000, step: 1_000 });
  return settled;
};

/** The next boot settles what was begun, and nothing that was left behind stands in the way of the next update. */
async function recovers(root: string, file: string, how: "well" | "ill", after: string): Promise<void> {
  const at = layout(root);
  const settled = await boot(root, how === "well" || after === "1.0.0");
  expect(existsSync(at.before)).toBe(false);
  if (how === "ill") expect(settled).toBe("1.0.0");
  expect(basename(readlinkSync(at.current))).toBe(settled);
  if (settled === "1.0.0") {
    const again = spawnSync(process.execPath, [script, root, file, "well"], { encoding: "utf8" });
    expect(again.stdout.trim(), again.stderr).toBe("1.1.0");
  }
  expect(readdirSync(at.releases).sort()).toEqual(["1.0.0", "1.1.0"]);
}

describeWith(["strace"], "an update that is killed", () => {
  test.each([
    "well",
    "ill",
  ] as const)("at any change it makes: the box has the old version or the new one, whole (the new one is %s)", async (how) => {
    const work = mkdtempSync(join(tmpdir(), "vigie-killed-"));
    const key = join(work, "key.pem");
    newKey(key);
    await tinyBox(work, key, "1.0.0");
    const file = packed(await tinyRelease(work, "1.1.0", key));
    const seen: string[] = [];
    for (const change of CHANGES) {
      for (let n = 1; n < 100; n++) {
        const root = join(work, `trial-${change}-${n}`);
        cpSync(join(work, "box"), root, { recursive: true, verbatimSymlinks: true });
        const { status, stdout } = killedAt(change, n, root, file, how);
        const after = await whole(layout(root));
        expect(["1.0.0", "1.1.0"]).toContain(after);
        if (status === 0) {
          expect(stdout.trim()).toBe(how === "well" ? "1.1.0" : "1.0.0");
          break;
        }
        seen.push(`${change} ${n}: ${after}`);
        await recovers(root, file, how, after);
        rmSync(root, { recursive: true });
      }
    }
    console.info(`update killed at ${seen.length} places, new version ${how}: ${seen.join(", ")}`);
    expect(seen.length).toBeGreaterThan(8);
    expect(seen.some((line) => line.endsWith("1.1.0"))).toBe(true);
    rmSync(work, { recursive: true, force: true });
  }, 240_000);
});
