import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { sameText, type Text, Told } from "../core/text.ts";
import { command, firstSite, journald, settleUnit, udevRules, unit } from "./files.ts";
import { type Layout, layout, USER } from "./layout.ts";
import { copyPackage } from "./package-files.ts";

export interface InstallOptions {
  /** A checkout after `npm ci` and a build, or an unpacked release. */
  source: string;
  version: string;
  /** `/`, or the root of an image that is being built. */
  root: string;
  /** One line per step that did something. */
  tell(line: Text): void;
}

/** Puts the program, its user, service and folders in place. Running it again changes only what differs; data and config stay. */
export function install({ source, version, root, tell }: InstallOptions): void {
  const at = layout(root);
  const user = ensureUser(root, tell);
  const home = join(at.releases, version);
  if (!existsSync(home)) {
    // Copied beside, then renamed: a crash in between leaves no half release under its final name.
    const half = `${home}.half`;
    rmSync(half, { recursive: true, force: true });
    copyPackage(source, half);
    toDisk(half);
    renameSync(half, home);
    tell({ fr: `${home} : le programme, version ${version}`, en: `${home}: the program, version ${version}` });
  }
  point(at, home, tell);
  // The page saves the site file by putting a new one in its place; the secrets beside it stay root's (sticky).
  folder(at.config, 0o1770, [0, user.gid], tell);
  folder(at.data, 0o750, [user.uid, user.gid], tell);
  written(at.site, firstSite(), { mode: 0o640, owner: [user.uid, user.gid], keep: true, tell });
  written(at.secrets, "# NAME=value, one a line; used as $" + "{NAME} in gateway.yaml\n", {
    mode: 0o600,
    owner: [0, 0],
    keep: true,
    tell,
  });
  written(at.unit, unit(), { mode: 0o644, tell });
  written(at.settle, settleUnit(), { mode: 0o644, tell });
  written(at.udev, udevRules(), { mode: 0o644, tell });
  written(at.journal, journald(), { mode: 0o644, tell });
  written(at.command, command(), { mode: 0o755, tell });
}

/** Takes the program and its service away. The site file, secrets, data and user stay. */
export function uninstall({ root, tell }: Pick<InstallOptions, "root" | "tell">): void {
  const at = layout(root);
  for (const path of [at.unit, at.settle, at.udev, at.journal, at.command, dirname(at.releases)]) {
    if (!existsSync(path)) continue;
    rmSync(path, { recursive: true, force: true });
    tell({ fr: `${path} : retiré`, en: `${path}: removed` });
  }
  tell({
    fr: `${at.config} et ${at.data} restent comme ils sont`,
    en: `${at.config} and ${at.data} are left as they are`,
  });
}

/** Makes `current` point at a release, atomically. */
export function point(at: Layout, home: string, tell: (line: Text) => void): void {
  if (linkTo(at, at.current, home)) tell(sameText(`${at.current} → ${basename(home)}`));
}

/** Makes a link to a release, atomically, and has it on disk before it returns. False when it is there already. */
export function linkTo(at: Layout, link: string, home: string): boolean {
  const relativeHome = join("releases", basename(home));
  if (linkedTo(link) === basename(home)) return false;
  mkdirSync(at.releases, { recursive: true });
  const beside = `${link}.new`;
  rmSync(beside, { force: true });
  symlinkSync(relativeHome, beside);
  renameSync(beside, link);
  toDisk(dirname(link));
  return true;
}

/** The version that a link points at; undefined when there is no link. */
export function linkedTo(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch {
    return undefined;
  }
}

/** Everything below this folder is on disk when it returns: a link must never be there before what it points at. */
export function toDisk(path: string): void {
  execFileSync("sync", ["-f", path]);
}

interface Writing {
  mode: number;
  owner?: [number, number];
  /** Never written over: it is the user's. */
  keep?: boolean;
  tell(line: Text): void;
}

function written(path: string, text: string, { mode, owner, keep, tell }: Writing): void {
  if (existsSync(path) && (keep || readFileSync(path, "utf8") === text)) {
    const known = statSync(path);
    if (owner && known.uid !== owner[0]) {
      chownSync(path, ...owner);
      tell({ fr: `${path} : change de propriétaire`, en: `${path}: has another owner now` });
    }
    // What is the user's keeps its words, but secrets that anybody may read are nobody's.
    if ((known.mode & 0o777 & ~mode) === 0) return;
    chmodSync(path, mode);
    tell({
      fr: `${path} : d'autres pouvaient le lire, maintenant ${mode.toString(8)}`,
      en: `${path}: was readable by others, now ${mode.toString(8)}`,
    });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode });
  chmodSync(`${path}.new`, mode);
  if (owner) chownSync(`${path}.new`, ...owner);
  renameSync(`${path}.new`, path);
  tell({ fr: `${path} : écrit`, en: `${path}: written` });
}

function folder(path: string, mode: number, owner: [number, number], tell: (line: Text) => void): void {
  const fresh = !existsSync(path);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, ...owner);
  if (fresh) tell({ fr: `${path} : créé`, en: `${path}: made` });
}

/** The system user, in the group that may open serial ports. */
function ensureUser(root: string, tell: (line: Text) => void): { uid: number; gid: number } {
  const known = userOf(root);
  if (known) return known;
  const where = root === "/" ? [] : ["--prefix", root];
  const made = spawnSync(
    "useradd",
    [
      ...where,
      "--system",
      "--user-group",
      "--groups",
      "dialout",
      "--home-dir",
      "/var/lib/vigie",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      USER,
    ],
    { encoding: "utf8" },
  );
  const user = userOf(root);
  if (!user) throw noUser(made.stderr || made.error?.message || "?");
  tell({ fr: `utilisateur ${USER} : créé, dans le groupe dialout`, en: `user ${USER}: made, in group dialout` });
  return user;
}

const noUser = (why: string): Told =>
  new Told({
    fr: `l'utilisateur ${USER} n'a pas pu être créé : ${why}`,
    en: `the user ${USER} could not be made: ${why}`,
  });

/** The service's user as that system knows it. */
export function userOf(root: string): { uid: number; gid: number } | undefined {
  const passwd = join(root, "etc/passwd");
  if (!existsSync(passwd)) return undefined;
  const line = readFileSync(passwd, "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${USER}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}
