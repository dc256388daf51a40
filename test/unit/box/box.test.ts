import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { unit } from "../../../gateway/box/files.ts";
import { install, uninstall } from "../../../gateway/box/install.ts";
import { layout } from "../../../gateway/box/layout.ts";
import { checkSeal, isLater, newKey, papers } from "../../../gateway/box/manifest.ts";
import { update } from "../../../gateway/box/update.ts";
import type { Text } from "../../../gateway/core/text.ts";
import { describeWith } from "../../need.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { packed, tinyBox, tinyRelease } from "./tiny.ts";

let root: string;
let key: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vigie-box-"));
  key = join(root, "key.pem");
  newKey(key);
});

/** Updates that box; the new version reads its machines after `wellAfter` looks, or never. */
async function updated(file: string, wellAfter: number, starts = true) {
  const clock = new VirtualClock();
  const steps: string[] = [];
  let looks = 0;
  const done = update({
    ...{ file, root: join(root, "box"), clock, tell: () => undefined },
    restart: async () => {
      steps.push("restart");
      if (!starts && steps.length === 2) throw new Error("systemctl restart vigie: failed");
    },
    well: async () => ++looks > wellAfter,
    keepStore: async () => void steps.push("keep"),
    bringBack: async () => void steps.push("bring back"),
  });
  let over = false;
  const settled = done.finally(() => {
    over = true;
  });
  settled.catch(() => undefined);
  // Verifying takes real time; from the restart on, time is ours.
  await vi.waitUntil(() => over || steps.includes("restart"), { timeout: 10_000, interval: 5 });
  const begun = clock.monotonic();
  await clock.until(() => over, { limit: 120_000, step: 1_000 });
  return { now: await settled, steps, took: clock.monotonic() - begun };
}

const tiny = (version: string, signedWith = key) => tinyRelease(root, version, signedWith);

test("a new release runs once it reads the machines, and the old one stays beside it", async () => {
  const at = await tinyBox(root, key, "1.0.0");
  const { now, steps } = await updated(packed(await tiny("1.1.0")), 3);
  expect(now).toBe("1.1.0");
  expect(steps).toEqual(["keep", "restart"]);
  expect(readlinkSync(at.current)).toBe("releases/1.1.0");
  expect(existsSync(join(at.releases, "1.0.0/gateway/bin.mjs"))).toBe(true);
  expect(existsSync(at.before)).toBe(false);
});

test("a new release that does not read its machines goes, within 60 s, and the store comes back as it was", async () => {
  const at = await tinyBox(root, key, "1.0.0");
  const { now, steps, took } = await updated(packed(await tiny("1.1.0")), Number.POSITIVE_INFINITY);
  expect(now).toBe("1.0.0");
  expect(steps).toEqual(["keep", "restart", "bring back", "restart"]);
  expect(readlinkSync(at.current)).toBe("releases/1.0.0");
  expect(took).toBeLessThanOrEqual(60_000);
});

test("a new release that does not even start goes at once", async () => {
  const at = await tinyBox(root, key, "1.0.0");
  const { now, steps, took } = await updated(packed(await tiny("1.1.0")), Number.POSITIVE_INFINITY, false);
  expect(now).toBe("1.0.0");
  expect(steps).toEqual(["keep", "restart", "bring back", "restart"]);
  expect([readlinkSync(at.current), existsSync(at.before)]).toEqual(["releases/1.0.0", false]);
  expect(took).toBeLessThan(5_000);
});

test.each([
  [
    "an altered file",
    async (folder: string) => appendFileSync(join(folder, "gateway/bin.mjs"), "x"),
    /altered: gateway\/bin\.mjs/,
  ],
  [
    "a file that the manifest does not know",
    async (folder: string) => writeFileSync(join(folder, "gateway/worm.ts"), "x"),
    /does not know: gateway\/worm\.ts/,
  ],
  ["a missing file", async (folder: string) => rmSync(join(folder, "gateway/bin.mjs")), /missing: gateway\/bin\.mjs/],
  ["an altered manifest", async (folder: string) => appendFileSync(join(folder, papers.manifest), " "), /signature/],
  [
    "a link out of the folder",
    async (folder: string) => void spawnSync("ln", ["-sf", "/etc/passwd", join(folder, "gateway/bin.mjs")]),
    /not a plain file/,
  ],
])("%s is refused, and nothing has changed", async (_, harm, words) => {
  const at = await tinyBox(root, key, "1.0.0");
  const folder = await tiny("1.1.0");
  await harm(folder);
  await expect(updated(packed(folder), 0)).rejects.toThrow(words);
  expect(readlinkSync(at.current)).toBe("releases/1.0.0");
  expect(existsSync(join(at.releases, "1.1.0"))).toBe(false);
  expect(existsSync(join(at.releases, ".incoming"))).toBe(false);
});

test("a release by another key, an older one, the same one, and a file that is none are refused", async () => {
  await tinyBox(root, key, "1.0.0");
  const other = join(root, "other.pem");
  newKey(other);
  await expect(updated(packed(await tiny("1.2.0", other)), 0)).rejects.toThrow(/signature/);
  await expect(updated(packed(await tiny("0.9.9")), 0)).rejects.toThrow(/not later than 1\.0\.0/);
  await expect(updated(packed(await tiny("1.0.0")), 0)).rejects.toThrow(/not later/);
  writeFileSync(join(root, "junk.tar.gz"), "not a tarball");
  await expect(updated(join(root, "junk.tar.gz"), 0)).rejects.toThrow(/not a whole release/);
});

test("a release checks out against its own key, and versions are compared as numbers", async () => {
  const folder = await tiny("2.0.0");
  expect((await checkSeal(folder, join(folder, papers.key))).version).toBe("2.0.0");
  expect([isLater("0.10.0", "0.9.9"), isLater("1.0.0", "1.0.0"), isLater("1.0.0", "1.0.1")]).toEqual([
    true,
    false,
    false,
  ]);
});

test.runIf(process.getuid?.() === 0)(
  "installing twice changes nothing the second time; uninstalling leaves data and config",
  () => {
    const image = join(root, "image");
    mkdirSync(join(image, "etc"), { recursive: true });
    for (const file of ["passwd", "group", "shadow", "gshadow", "login.defs"])
      if (existsSync(`/etc/${file}`)) writeFileSync(join(image, "etc", file), readFileSync(`/etc/${file}`));
    const at = layout(image);
    // A release that is in place already is not copied again: here it stands for the whole tree.
    mkdirSync(join(at.releases, "9.9.9"), { recursive: true });
    const told: string[] = [];
    const options = { source: root, version: "9.9.9", root: image, tell: ({ en }: Text) => void told.push(en) };
    install(options);
    expect(told.length).toBeGreaterThan(6);
    expect(readFileSync(join(image, "etc/passwd"), "utf8")).toMatch(/^vigie:.*nologin$/m);
    expect(statSync(at.secrets).mode & 0o777).toBe(0o600);
    expect(statSync(at.data).uid).not.toBe(0);
    // The service replaces its site file, and cannot replace the secrets beside it.
    expect(statSync(at.site).uid).toBe(statSync(at.data).uid);
    expect(statSync(at.config).mode & 0o7777).toBe(0o1770);
    writeFileSync(at.site, "mine");
    told.length = 0;
    install(options);
    expect(told).toEqual([]);
    expect(readFileSync(at.site, "utf8")).toBe("mine");
    chmodSync(at.secrets, 0o644);
    install(options);
    expect(told.join()).toContain("was readable by others");
    expect(statSync(at.secrets).mode & 0o777).toBe(0o600);
    uninstall(options);
    expect([at.unit, at.current, at.command].map(existsSync)).toEqual([false, false, false]);
    expect([at.site, at.data].map(existsSync)).toEqual([true, true]);
  },
);

describeWith(["systemd-analyze"], "systemd", () => {
  test("finds the unit well formed, and scores its exposure 2.0 or less", () => {
    const file = join(root, "vigie.service");
    writeFileSync(file, unit());
    const { stdout, stderr } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", file], {
      encoding: "utf8",
    });
    const score = Number(/Overall exposure level for vigie\.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(score, stderr).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(2);
  });
});
