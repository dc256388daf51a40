import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Clock, Ms } from "../core/time.ts";
import { SECOND } from "../core/time.ts";
import { point } from "./install.ts";
import { layout } from "./layout.ts";
import { checkSeal, isLater, papers, ReleaseRefused } from "./manifest.ts";

/** How long a new version may take until it reads its machines; then the old one comes back. */
const WELL_WITHIN: Ms = 50 * SECOND;
const ASK_EVERY: Ms = 1 * SECOND;

export interface UpdateParts {
  file: string;
  root: string;
  clock: Clock;
  tell(line: string): void;
  /** Starts (again) whatever `current` points at. */
  restart(): Promise<void>;
  /** Whether the running gateway reads its machines. */
  well(): Promise<boolean>;
  /** Keeps a copy of the store before a newer version touches it; the returned function brings it back. */
  keepStore(): Promise<() => Promise<void>>;
}

/**
 * Verifies a release, puts it beside the running one, switches, and goes back by itself when the new one does not read its
 * machines. Until the switch nothing that runs has been touched, and the switch is one rename: a crash at any step boots
 * the old version or the new one. Resolves to the version that runs in the end.
 */
export async function update(parts: UpdateParts): Promise<string> {
  const at = layout(parts.root);
  const before = basename(readlinkSync(at.current));
  const incoming = join(at.releases, ".incoming");
  const version = await unpack(parts.file, incoming, join(at.current, papers.key), before);
  const home = join(at.releases, version);
  rmSync(home, { recursive: true, force: true });
  renameSync(incoming, home);
  parts.tell(`${home}: verified`);

  const bringBack = await parts.keepStore();
  point(at, home, parts.tell);
  await parts.restart();
  if (await becomesWell(parts)) {
    parts.tell(`version ${version} runs; ${before} stays beside it`);
    return version;
  }
  parts.tell(`version ${version} does not read its machines: going back to ${before}`);
  point(at, join(at.releases, before), parts.tell);
  await bringBack();
  await parts.restart();
  return before;
}

async function unpack(file: string, incoming: string, trustedKey: string, before: string): Promise<string> {
  if (!existsSync(trustedKey))
    throw new ReleaseRefused("this box trusts no key yet: install the first release by hand");
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });
  try {
    execFileSync("tar", ["-xzf", file, "--strip-components=1", "--no-same-owner", "-C", incoming], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { version, arch } = await checkSeal(incoming, trustedKey);
    if (arch !== process.arch) throw new ReleaseRefused(`it is for ${arch}, this box is ${process.arch}`);
    if (!isLater(version, before))
      throw new ReleaseRefused(`version ${version} is not later than ${before}, which runs here`);
    return version;
  } catch (error) {
    rmSync(incoming, { recursive: true, force: true });
    if (error instanceof ReleaseRefused) throw error;
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ReleaseRefused(`it is not a whole release: ${why}`, { cause: error });
  }
}

async function becomesWell({ clock, well }: UpdateParts): Promise<boolean> {
  const deadline = clock.monotonic() + WELL_WITHIN;
  while (clock.monotonic() < deadline) {
    await clock.sleep(ASK_EVERY);
    if (await well()) return true;
  }
  return false;
}
