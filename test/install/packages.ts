import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDebianPackage } from "../../gateway/box/release.ts";
import { type Box, must } from "./box.ts";
import { variant } from "./releases.ts";

/** What the steps of run.ts have in common. */
export interface Means {
  work: string;
  /** Signs releases. */
  key: string;
  /** A site file that reads the simulated machines. */
  site: string;
  reads(box: Box): Promise<number>;
}

const arch = process.arch === "arm64" ? "arm64" : "x64";
const version = async (box: Box) => /vigie (\S+)/.exec(await box.does("vigie", "version"))?.[1];
const releases = (box: Box) => readdirSync(join(box.root, "opt/vigie/releases"));
const mainPid = async (box: Box) => (await box.does("systemctl", "show", "-p", "MainPID", "--value", "vigie")).trim();

/** By Debian's own means: it runs after `dpkg -i`; the next version takes its place, and site file, data and service go on. */
export async function debianPackage(box: Box, { work, key, site, reads }: Means): Promise<void> {
  const first = readdirSync(work).find((name) => name.endsWith(".deb")) ?? "";
  execFileSync("cp", [join(work, first), join(box.root, "root")]);
  await box.does("dpkg", "-i", `/root/${first}`);
  const file = join(box.root, "etc/vigie/gateway.yaml");
  writeFileSync(file, site);
  await box.does("systemctl", "restart", "vigie");
  await reads(box);
  const before = { pid: await mainPid(box), version: await version(box), lines: await stored(box) };

  const later = makeDebianPackage(await variant(work, "0.1.9", key, []), "0.1.9", arch);
  execFileSync("mv", [later, join(box.root, "root/later.deb")]);
  await box.does("dpkg", "-i", "/root/later.deb");
  await reads(box);
  must((await version(box)) === "0.1.9" && before.version !== "0.1.9", `${await version(box)} runs`);
  must((await mainPid(box)) !== before.pid, "the earlier version runs on");
  must(readFileSync(file, "utf8") === site, "the site file is another one");
  must((await stored(box)) >= before.lines && before.lines > 1, "readings from before are gone");
  must(releases(box).join() === "0.1.9", `in /opt/vigie/releases: ${releases(box)}`);
  must(/^ii .* 0\.1\.9 /m.test(await box.does("dpkg", "-l", "vigie")), "dpkg knows another version");

  await box.does("dpkg", "-r", "vigie");
  must((await box.tries("systemctl", "is-active", "vigie")).code !== 0, "the service still runs");
  must(statSync(join(box.root, "var/lib/vigie/vigie.db")).size > 0, "the data is gone");
  must(readFileSync(file, "utf8") === site, "the site file is gone");
  must(!existsSync(join(box.root, "opt/vigie")), "the program is still there");
}

/** How many lines of history one point has. */
async function stored(box: Box): Promise<number> {
  const all = ["--from", "2020-01-01", "--to", "2100-01-01"];
  const out = await box.asVigie("export", "--data", "/var/lib/vigie", "--point", "tour-1/power_active", ...all);
  return out.trim().split("\n").length;
}

const CHECKOUT = "root/checkout";

/** `sudo npx vigie install` from the sources, with all that `npm ci` has brought: only what runs is installed, and it runs. */
export async function fromCheckout(box: Box, { site, reads }: Means): Promise<void> {
  const here = join(import.meta.dirname, "../..");
  mkdirSync(join(box.root, CHECKOUT));
  const copy = 'cd "$1" && { git ls-files; echo dashboard/dist; echo node_modules; } | tar -c -T - | tar -x -C "$2"';
  execFileSync("sh", ["-c", copy, "sh", here, join(box.root, CHECKOUT)], { stdio: ["ignore", "ignore", "inherit"] });
  must(existsSync(join(box.root, CHECKOUT, "node_modules/vitest")), "this checkout has no development tools");
  const node = `/${CHECKOUT}/node_modules/node-linux-${process.arch}/bin/node`;
  await box.does(node, `/${CHECKOUT}/gateway/bin.mjs`, "install");
  writeFileSync(join(box.root, "etc/vigie/gateway.yaml"), site);
  // What it was installed from may go.
  await box.does("rm", "-r", `/${CHECKOUT}`);
  await box.does("systemctl", "restart", "vigie");
  await reads(box);
  const [home = ""] = releases(box);
  const tools = ["vitest", "typescript", "vite", "@biomejs"].filter((name) =>
    existsSync(join(box.root, "opt/vigie/releases", home, "node_modules", name)),
  );
  must(tools.length === 0, `development tools were installed: ${tools}`);
}
