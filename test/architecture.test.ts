import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/**
 * The house plan, enforced: who may import whom. A room is a folder; `root` is the files directly in `gateway/`.
 * An edge that is not in this table is a design decision: argue it in docs/decisions/ and add it here.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "gateway/core": [],
  "gateway/plugin.ts": ["gateway/core"],
  "gateway/clock.ts": ["gateway/core"],
  "gateway/ration.ts": ["gateway/core"],
  "gateway/say.ts": ["gateway/core", "gateway/ration.ts"],
  "gateway/version.ts": [],
  "gateway/first-byte.ts": [],
  "gateway/ask.ts": ["gateway/core"],
  "gateway/names.ts": ["gateway/core"],
  "gateway/supervise.ts": ["gateway/core"],
  "gateway/health.ts": ["gateway/core"],
  "gateway/trial.ts": ["gateway/core"],
  "gateway/commission.ts": ["gateway/core", "gateway/drivers/modbus"],
  "gateway/spectra.ts": ["gateway/core", "gateway/detectors/lib"],
  "gateway/log": ["gateway/core"],
  "gateway/mqtt": ["gateway/core", "gateway/plugin.ts", "gateway/first-byte.ts"],
  "gateway/drivers": ["gateway/core", "gateway/plugin.ts", "gateway/mqtt", "firmware-bridge"],
  "gateway/sinks": ["gateway/core", "gateway/plugin.ts", "gateway/mqtt", "gateway/ask.ts"],
  "gateway/detectors": ["gateway/core", "gateway/plugin.ts"],
  "gateway/alarms": ["gateway/core", "gateway/plugin.ts", "gateway/detectors/lib"],
  "gateway/notices": ["gateway/core", "gateway/plugin.ts"],
  "gateway/notifiers": ["gateway/core", "gateway/plugin.ts", "gateway/mqtt", "gateway/notices"],
  "gateway/web": ["gateway/core", "gateway/plugin.ts", "gateway/first-byte.ts"],
  "gateway/config": [
    "gateway/core",
    "gateway/plugin.ts",
    "gateway/spectra.ts",
    "gateway/alarms",
    "gateway/log",
    "gateway/mqtt",
    "gateway/notices",
    "gateway/web",
  ],
  "gateway/simulate": ["firmware-bridge"],
  "gateway/main.ts": ["*"],
  "gateway/house.ts": ["*"],
  "gateway/front.ts": ["*"],
  "gateway/box": ["gateway/core", "gateway/ask.ts"],
  "gateway/cli.ts": ["gateway/core"],
  "gateway/cli": ["*"],
  "gateway/backtest": ["*"],
  "firmware-bridge": [],
};

const root = join(import.meta.dirname, "..");
const sources = ["gateway", "firmware-bridge", "dashboard", "test"].flatMap((folder) => walk(join(root, folder)));
const code = sources.filter((file) => !file.startsWith("test/"));

test("every import follows the table", () => {
  const wrong = code
    .filter((file) => !file.startsWith("dashboard/"))
    .flatMap((file) => {
      const room = roomOf(file);
      const allowed = mayImport[room] ?? [];
      return importsOf(file)
        .filter((target) => !within(target, room) && !allowed.includes("*") && !allowed.some((a) => within(target, a)))
        .map((target) => `${file} → ${target}`);
    });
  expect(wrong).toEqual([]);
});

test("every folder and file of the gateway has a row in the table", () => {
  const rooms = new Set(code.filter((file) => file.startsWith("gateway/")).map(roomOf));
  expect([...rooms].filter((room) => !(room in mayImport))).toEqual([]);
});

test("core is pure: no npm package, no node module", () => {
  const wrong = code
    .filter((file) => within(file, "gateway/core"))
    .flatMap((file) => {
      const outside = specifiers(file).filter((specifier) => !specifier.startsWith("."));
      return outside.map((specifier) => `${file} → ${specifier}`);
    });
  expect(wrong).toEqual([]);
});

test("every package that is installed on a box is imported there", () => {
  const { dependencies } = JSON.parse(read("package.json"));
  const asked = new Set(code.flatMap(specifiers));
  expect(Object.keys(dependencies).filter((name) => !asked.has(name))).toEqual([]);
});

test("the dashboard knows the gateway only by the types of core", () => {
  const wrong = code
    .filter((file) => file.startsWith("dashboard/"))
    .flatMap((file) => {
      const text = read(file);
      return importsOf(file)
        .filter((target) => !target.startsWith("dashboard/"))
        .filter((target) => !within(target, "gateway/core") || !isTypeOnly(text, target))
        .map((target) => `${file} → ${target}`);
    });
  expect(wrong).toEqual([]);
});

test("no file is over 300 lines", () => {
  const long = sources
    .map((file) => [file, read(file).split("\n").length - 1] as const)
    .filter(([, lines]) => lines > 300);
  expect(long).toEqual([]);
});

test("every file is used: imported, a plugin, a command, an entry point or a worker", () => {
  const imported = new Set(sources.flatMap((file) => [...importsOf(file), ...workersOf(file)]));
  const entry = [
    /^gateway\/(drivers|sinks|detectors|notifiers|cli)\/[^/]+\.ts$/,
    /^dashboard\/(vite\.config\.ts|src\/(main|sw)\.tsx?)$/,
    /^test\/(bench\/|e2e\/(screens|speed)\.ts)/,
    /\.d\.ts$/,
  ];
  const unused = code.filter((file) => !imported.has(file) && !entry.some((pattern) => pattern.test(file)));
  expect(unused).toEqual(["gateway/bin.mjs"].filter((file) => unused.includes(file)));
});

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes("node_modules/") && !file.startsWith("dashboard/dist/"));
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function specifiers(file: string): string[] {
  return [
    ...read(file).matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|import\s*\(?["']([^"']+)["']/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? "");
}

function importsOf(file: string): string[] {
  return specifiers(file)
    .filter((specifier) => specifier.startsWith(".") && /\.(ts|tsx|mjs)$/.test(specifier))
    .map((specifier) => relative(root, join(root, dirname(file), specifier)));
}

function workersOf(file: string): string[] {
  return [...read(file).matchAll(/new URL\(\s*["'](\.[^"']+\.ts)["']/g)].map((match) =>
    relative(root, join(root, dirname(file), match[1] ?? "")),
  );
}

function roomOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "gateway" ? `${top}/${second}` : top;
}

function within(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

function isTypeOnly(text: string, target: string): boolean {
  const name = target.split("/").at(-1) ?? "";
  const lines = text.match(new RegExp(`import[^;]*?["'][^"']*${name.replace(".", "\\.")}["']`, "g")) ?? [];
  return lines.every((line) => /^import\s+type\b/.test(line));
}
