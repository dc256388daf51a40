import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { billOfMaterials } from "../../../gateway/box/sbom.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
const { dependencies, allowScripts } = read("package.json");

interface Locked {
  version: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
}
const locked = Object.entries<Locked>(read("package-lock.json").packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.split("node_modules/").pop() ?? "";

test("the bill of materials is what the lockfile says runs, to the last package and its checksum", () => {
  const bill: { components: { "bom-ref": string; hashes: { alg: string; content: string }[] }[] } = JSON.parse(
    billOfMaterials(root),
  );
  const runs = locked.filter(([path, one]) => !one.dev && !one.devOptional && existsSync(join(root, path)));
  const sums = new Map(
    runs.map(([path, { version, integrity = "" }]) => [
      `${nameOf(path)}@${version}`,
      Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex"),
    ]),
  );
  const listed = new Map(
    bill.components.map((one) => [one["bom-ref"], one.hashes.find(({ alg }) => alg === "SHA-512")?.content]),
  );
  expect([...listed].sort()).toEqual([...sums].sort());
  const names = new Set([...listed.keys()].map((ref) => ref.replace(/@[^@]+$/, "")));
  expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
  expect(["vitest", "typescript", "vite", "preact"].filter((name) => names.has(name))).toEqual([]);
});

test("every package is pinned by a checksum, and comes from the registry", () => {
  expect(locked.length).toBeGreaterThan(200);
  for (const [path, { integrity, resolved = "https://registry.npmjs.org/" }] of locked) {
    expect(integrity, path).toMatch(/^sha512-/);
    expect(resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
  }
});

test("no package runs anything when it is installed, but for those that package.json names", () => {
  const running = locked.filter(([path, { hasInstallScript }]) => {
    const folder = join(root, path);
    if (!existsSync(join(folder, "package.json"))) return hasInstallScript;
    const { scripts = {}, gypfile } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    // npm builds by itself where it finds a binding.gyp, unless it is told not to.
    const builds = gypfile !== false && existsSync(join(folder, "binding.gyp"));
    return hasInstallScript || builds || ["preinstall", "install", "postinstall"].some((name) => name in scripts);
  });
  expect([...new Set(running.map(([path]) => nameOf(path)))].sort()).toEqual(Object.keys(allowScripts).sort());
});
