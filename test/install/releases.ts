import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seal } from "../../gateway/box/manifest.ts";

const arch = process.arch === "arm64" ? "arm64" : "x64";

/** Changes that make another version out of a release: which file, and how its text changes. */
export type Patch = readonly (readonly [file: string, change: (text: string) => string])[];

/** It starts, serves its page, and understands no answer of any Modbus TCP device. */
export const deaf: Patch = [
  [
    "gateway/drivers/modbus/tcp.ts",
    (text) => text.replace("frame.writeUInt16BE(this.#id, 0)", "frame.writeUInt16BE(0, 0)"),
  ],
];

/** It does not even start. */
export const broken: Patch = [["gateway/main.ts", (text) => `throw new Error("broken on purpose");\n${text}`]];

/** It changes the shape of the store. */
export const reshaping: Patch = [
  [
    "gateway/log/schema.ts",
    (text) =>
      text.replace(
        "];\n\nexport const SCHEMA",
        '  "CREATE TABLE later (id INTEGER PRIMARY KEY)",\n];\n\nexport const SCHEMA',
      ),
  ],
];

/** Makes the release of a later version from an unpacked one, signs it, and packs it. */
export async function variant(folder: string, version: string, key: string, patch: Patch): Promise<string> {
  const name = `vigie-${version}-linux-${arch}`;
  const home = join(folder, name);
  cpSync(join(folder, "base"), home, { recursive: true });
  const rename = (text: string) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`);
  for (const [file, change] of [["package.json", rename] as const, ...patch]) {
    const before = readFileSync(join(home, file), "utf8");
    const after = change(before);
    if (after === before) throw new Error(`${file}: nothing changed, so version ${version} is not what it should be`);
    writeFileSync(join(home, file), after);
  }
  await seal(home, { version, arch }, key);
  const file = join(folder, `${name}.tar.gz`);
  execFileSync("tar", ["-I", "gzip -1", "-cf", file, "-C", folder, name]);
  execFileSync("rm", ["-rf", home]);
  return file;
}
