import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { lockFolder, Refusal } from "./database.ts";
import { StoreTrouble } from "./rpc.ts";

/** Where files in memory are, the better place first. */
const MEMORY = [...(process.env.RUNTIME_DIRECTORY?.split(":").slice(0, 1) ?? []), "/dev/shm", tmpdir()];
/** In a stand-in's folder, once it has its first numbers. */
const READY = "ready";

/** The folder in memory where a stand-in for this data folder is, since an earlier start. */
export function shelterLeft(folder: string): string | undefined {
  return placesFor(folder).find((place) => isOurs(place) && existsSync(join(place, READY)));
}

export function makeShelter(folder: string): string | undefined {
  return placesFor(folder).find((place) => {
    try {
      // One that a crash left half made is no beginning.
      if (isOurs(place)) rmSync(place, { recursive: true });
      mkdirSync(place, { mode: 0o700 });
      return isOurs(place);
    } catch {
      return false;
    }
  });
}

export const shelterReady = (place: string): void => writeFileSync(join(place, READY), "");

/** A crash half-way must leave none that a later start would go on with. */
export function removeShelter(place: string): void {
  rmSync(join(place, READY), { force: true });
  rmSync(place, { recursive: true });
}

export function lockShelter(place: string): { release(): void } {
  try {
    return lockFolder(join(place, "lock"));
  } catch (error) {
    throw error instanceof Refusal ? new StoreTrouble("refused", error.message) : error;
  }
}

/** The same ones after a restart. */
function placesFor(folder: string): string[] {
  const name = `vigie-${createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 16)}`;
  return MEMORY.map((parent) => join(parent, `${name}-${user()}`));
}

/** Where everybody may make folders, one that others could look into, or have put there for us, is not ours. */
function isOurs(place: string): boolean {
  const found = lstatSync(place, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === user() && (found.mode & 0o077) === 0;
}

const user = () => process.getuid?.() ?? 0;
