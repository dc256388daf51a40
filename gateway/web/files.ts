import { open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Write, fsync, rename, fsync of the folder: after a power cut there is the old file or the new one. A file that exists keeps its mode. */
export async function saveWhole(path: string, content: string | Uint8Array): Promise<void> {
  const mode = await stat(path).then(
    (known) => known.mode & 0o777,
    () => 0o600,
  );
  const file = await open(`${path}.new`, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** A new name is only there after a power cut if its folder is on disk too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
