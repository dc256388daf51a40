import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Layout, layout } from "../../../gateway/box/layout.ts";
import { seal } from "../../../gateway/box/manifest.ts";

/** A release small enough to read: the papers and one program file. Unpacked, under its usual name. */
export async function tinyRelease(folder: string, version: string, key: string): Promise<string> {
  const home = join(folder, `build-${version}`, `vigie-${version}`);
  mkdirSync(join(home, "gateway"), { recursive: true });
  writeFileSync(join(home, "gateway/bin.mjs"), `// ${version}`);
  await seal(home, { version, arch: process.arch === "arm64" ? "arm64" : "x64" }, key);
  return home;
}

export function packed(home: string): string {
  const file = `${home}.tar.gz`;
  spawnSync("tar", ["-czf", file, "-C", join(home, ".."), home.split("/").at(-1) ?? ""]);
  return file;
}

/** A box on which `version` runs. */
export async function tinyBox(folder: string, key: string, version: string): Promise<Layout> {
  const at = layout(join(folder, "box"));
  mkdirSync(at.releases, { recursive: true });
  spawnSync("cp", ["-r", await tinyRelease(folder, version, key), join(at.releases, version)]);
  spawnSync("ln", ["-s", `releases/${version}`, at.current]);
  return at;
}
