import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Floor, logNames } from "./protocol.ts";

const NAME = "numbers.json";

/** What has been used up according to the small file beside the store; zeros where there is none. */
export function readFloor(folder: string): Floor {
  try {
    const { boot, reserved } = JSON.parse(readFileSync(join(folder, NAME), "utf8")) as Floor;
    // Checked by hand: a schema library would cost the writing thread more memory than all the rest of it.
    const numbers = [boot, ...logNames.map((log) => reserved[log])];
    if (!numbers.every(Number.isSafeInteger)) throw new TypeError("not the file that it should be");
    return { boot, reserved };
  } catch {
    // New, or lost with the store: then there is nothing to go by, and the store itself knows.
    return { boot: 0, reserved: { readings: 0, notices: 0, bursts: 0 } };
  }
}

/** The new one is whole on disk before it takes the name of the old one. */
export function writeFloor(folder: string, floor: Floor): void {
  const draft = join(folder, `${NAME}.new`);
  const file = openSync(draft, "w");
  try {
    writeSync(file, JSON.stringify(floor));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, join(folder, NAME));
}
