import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Told } from "../core/text.ts";

/** What a running gateway needs of a checkout, besides its production dependencies. */
const SOURCES = [
  "gateway",
  "firmware-bridge",
  "dashboard/dist",
  "config",
  "docs",
  "package.json",
  "package-lock.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "release-key.pub",
  "manifest.json",
  "manifest.sig",
  "sbom.cdx.json",
];

interface Lock {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
}

/**
 * The parts of `source` (a checkout after `npm ci`, or an unpacked release) that belong into an installation: relative
 * paths of files and folders. Development tools stay behind; of optional packages, those that are there.
 */
export function packageParts(source: string): string[] {
  return [...sourceParts(source), ...productionDependencies(source)];
}

/** The sources alone; the dashboard must have been built. */
export function sourceParts(source: string): string[] {
  const sources = SOURCES.filter((path) => existsSync(join(source, path)));
  if (!sources.includes("dashboard/dist"))
    throw new Told({
      fr: "la page n'est pas construite : lancez d'abord « npm run build »",
      en: "the dashboard is not built: run `npm run build` first",
    });
  return sources;
}

const productionDependencies = (source: string): string[] => outermost(productionPackages(source));

/** Where the packages are that run, nested ones too, as the lockfile says; of optional ones those that are there. */
export function productionPackages(source: string): string[] {
  const lock = JSON.parse(readFileSync(join(source, "package-lock.json"), "utf8")) as Lock;
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.startsWith("node_modules/") && !entry.dev && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => existsSync(join(source, path)));
}

/** Copies those parts to `target`, without packages nested in them that are for development only. */
export function copyPackage(source: string, target: string): void {
  for (const part of packageParts(source)) {
    const to = join(target, part);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(source, part), to, {
      recursive: true,
      dereference: false,
      filter: (from) => !from.endsWith("/node_modules/.bin"),
    });
  }
}

/** Every file below a folder, relative, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** A package nested in another one that is copied anyway need not be named. */
const outermost = (paths: readonly string[]): string[] =>
  paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)));
