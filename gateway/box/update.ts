import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Text } from "../core/text.ts";
import type { Clock, Ms } from "../core/time.ts";
import { SECOND } from "../core/time.ts";
import { linkedTo, linkTo, point, toDisk } from "./install.ts";
import { type Layout, layout } from "./layout.ts";
import { checkSeal, isLater, papers, ReleaseRefused } from "./manifest.ts";

const nothingHere: Text = {
  fr: "rien n'est installé ici : vigie install",
  en: "nothing is installed here: vigie install",
};

/** How long a new version may take until it reads its machines; with the way back that is less than a minute. */
const WELL_WITHIN: Ms = 30 * SECOND;
const ASK_EVERY: Ms = 1 * SECOND;

/** The box around an update: what starts and stops there, and how one tells that it is well. */
export interface BoxParts {
  root: string;
  clock: Clock;
  tell(line: Text): void;
  /** Starts (again) whatever `current` points at. */
  restart(): Promise<void>;
  /** Whether the running gateway reads its machines. */
  well(): Promise<boolean>;
  /** Puts back the copy of the store that was kept for this version, where the store has changed its shape since. */
  bringBack(version: string): Promise<void>;
}

export interface UpdateParts extends BoxParts {
  file: string;
  /** Keeps a copy of the store before a newer version touches it. */
  keepStore(version: string): Promise<void>;
}

/**
 * Verifies a release, puts it beside the running one, switches, and goes back by itself when the new one does not read its
 * machines. Until the switch nothing that runs has been touched, and the switch is one rename: a crash at any step boots the
 * old version or the new one, whole, and `settle` finishes what was begun. Resolves to the version that runs in the end.
 */
export async function update(parts: UpdateParts): Promise<string> {
  const at = layout(parts.root);
  if (linkedTo(at.before))
    throw new ReleaseRefused({
      fr: "une mise à jour précédente est encore à l'essai : vigie update --settle",
      en: "an earlier update is still on trial: vigie update --settle",
    });
  const before = linkedTo(at.current);
  if (before === undefined) throw new ReleaseRefused(nothingHere);
  const incoming = join(at.releases, ".incoming");
  const version = await unpack(parts.file, incoming, join(at.current, papers.key), before);
  const home = join(at.releases, version);
  rmSync(home, { recursive: true, force: true });
  renameSync(incoming, home);
  toDisk(at.releases);
  parts.tell({ fr: `${home} : vérifié`, en: `${home}: verified` });

  await parts.keepStore(before);
  linkTo(at, at.before, join(at.releases, before));
  point(at, home, parts.tell);
  // One that does not even start needs no waiting for.
  const started = await parts.restart().then(
    () => true,
    () => false,
  );
  return started ? settle(parts) : goBack(parts, before, version);
}

/**
 * Judges the version that is on trial: it stays when it reads its machines in time, otherwise the one before it comes back.
 * Run again by the unit `vigie-settle` after a crash. Resolves to the version that runs in the end.
 */
export async function settle(parts: BoxParts): Promise<string> {
  const at = layout(parts.root);
  const [before, version] = [linkedTo(at.before), linkedTo(at.current)];
  if (version === undefined) throw new ReleaseRefused(nothingHere);
  if (before === undefined) return version;
  if (before !== version && (await becomesWell(parts))) {
    endTrial(at);
    for (const old of readdirSync(at.releases))
      if (old !== version && old !== before) rmSync(join(at.releases, old), { recursive: true, force: true });
    parts.tell({
      fr: `la version ${version} tourne ; ${before} reste à côté`,
      en: `version ${version} runs; ${before} stays beside it`,
    });
    return version;
  }
  return goBack(parts, before, version);
}

async function goBack(parts: BoxParts, before: string, version: string): Promise<string> {
  const at = layout(parts.root);
  if (before !== version)
    parts.tell({
      fr: `la version ${version} ne lit pas ses machines`,
      en: `version ${version} does not read its machines`,
    });
  parts.tell({ fr: `retour à ${before}`, en: `going back to ${before}` });
  point(at, join(at.releases, before), parts.tell);
  await parts.bringBack(before);
  await parts.restart();
  endTrial(at);
  return before;
}

function endTrial(at: Layout): void {
  rmSync(at.before, { force: true });
  toDisk(at.releases);
}

async function unpack(file: string, incoming: string, trustedKey: string, before: string): Promise<string> {
  if (!existsSync(trustedKey))
    throw new ReleaseRefused({
      fr: "cette machine ne se fie encore à aucune clé : installez la première livraison à la main",
      en: "this box trusts no key yet: install the first release by hand",
    });
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });
  try {
    execFileSync("tar", ["-xzf", file, "--strip-components=1", "--no-same-owner", "-C", incoming], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { version, arch } = await checkSeal(incoming, trustedKey);
    if (arch !== process.arch)
      throw new ReleaseRefused({
        fr: `elle est pour ${arch}, cette machine est ${process.arch}`,
        en: `it is for ${arch}, this box is ${process.arch}`,
      });
    if (!isLater(version, before))
      throw new ReleaseRefused({
        fr: `la version ${version} n'est pas plus récente que ${before}, qui tourne ici`,
        en: `version ${version} is not later than ${before}, which runs here`,
      });
    toDisk(incoming);
    return version;
  } catch (error) {
    rmSync(incoming, { recursive: true, force: true });
    if (error instanceof ReleaseRefused) throw error;
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ReleaseRefused(
      { fr: `ce n'est pas une livraison entière : ${why}`, en: `it is not a whole release: ${why}` },
      { cause: error },
    );
  }
}

async function becomesWell({ clock, well }: BoxParts): Promise<boolean> {
  const deadline = clock.monotonic() + WELL_WITHIN;
  while (clock.monotonic() < deadline) {
    await clock.sleep(ASK_EVERY);
    if (await well()) return true;
  }
  return false;
}
