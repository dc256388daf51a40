import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { rowCrc } from "./database.ts";
import type { NameRow } from "./names.ts";
import { type Floor, logNames } from "./protocol.ts";

/** Small files beside the store, for what must not be lost with it or by one flipped bit in it. */
const NUMBERS = "numbers.json";
const NAMES = "names.json";

/** What has been used up; zeros where nobody has written it down. */
export function readFloor(folder: string): Floor {
  try {
    const { boot, reserved } = JSON.parse(readFileSync(join(folder, NUMBERS), "utf8")) as Floor;
    // Checked by hand: a schema library would cost the writing thread more memory than all the rest of it.
    const numbers = [boot, ...logNames.map((log) => reserved[log])];
    if (!numbers.every(Number.isSafeInteger)) throw new TypeError("not the file that it should be");
    return { boot, reserved };
  } catch {
    // New, or lost with the store: then there is nothing to go by, and the store itself knows.
    return { boot: 0, reserved: { readings: 0, notices: 0, bursts: 0 } };
  }
}

export const writeFloor = (folder: string, floor: Floor): void => put(folder, NUMBERS, floor);

/** The second copy of the names: one lost name would make a point of thousands of sound readings unknown. */
export function readNames(folder: string): NameRow[] {
  try {
    const rows = JSON.parse(readFileSync(join(folder, NAMES), "utf8")) as (NameRow & { crc: number })[];
    return rows
      .filter(({ kind, id, text, crc }) => crc === rowCrc(kind, id, text))
      .map(({ kind, id, text }) => ({ kind, id, text }));
  } catch {
    return []; // Then the store's own copy is all there is.
  }
}

export function writeNames(folder: string, names: readonly NameRow[]): void {
  put(
    folder,
    NAMES,
    names.map((row) => ({ ...row, crc: rowCrc(row.kind, row.id, row.text) })),
  );
}

/** The new one is whole on disk before it takes the name of the old one. */
function put(folder: string, name: string, content: unknown): void {
  const draft = join(folder, `${name}.new`);
  writeSynced(draft, Buffer.from(JSON.stringify(content)));
  renameSync(draft, join(folder, name));
}

export function writeSynced(path: string, body: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let at = 0; at < body.length; ) at += writeSync(file, body, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
