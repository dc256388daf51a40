import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openForWriting } from "../../gateway/log/database.ts";
import { steps } from "../../gateway/log/schema.ts";
import { STORE_FILE } from "../../gateway/log/store.ts";
import { say } from "./talker.ts";

/**
 * There is one version of the store so far. So that its migration is tried before it is needed, these are two more: what a
 * real one would do at its worst, rewriting every row of the largest table, and something small after it.
 */
export const script: readonly string[] = [
  ...steps,
  `
  ALTER TABLE readings RENAME TO readings_old;
  CREATE TABLE readings (first INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL, cursors TEXT, note TEXT);
  INSERT INTO readings SELECT first, n, body, cursors, 'carried' FROM readings_old;
  DROP TABLE readings_old;
  `,
  "CREATE TABLE later (id INTEGER PRIMARY KEY); INSERT INTO later VALUES (7);",
];

/** Made to be killed: brings copies of a store of today to the version of that script, one after the other, for ever. */
async function migrateForEver(folder: string, template: string): Promise<void> {
  say("open", 0);
  for (let n = 1; ; n++) {
    const place = join(folder, `store-${n}`);
    mkdirSync(place);
    copyFileSync(template, join(place, STORE_FILE));
    sync(join(place, STORE_FILE));
    sync(place);
    say("begin-migration", n);
    const { db } = openForWriting(join(place, STORE_FILE), script);
    say("end-migration", n);
    db.close();
    rmSync(join(folder, `store-${n - 1}`), { recursive: true, force: true });
    // Who listens gets its turn, and the pipe its room.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}

const [, program, folder, template] = process.argv;
if (program === import.meta.filename && folder && template) await migrateForEver(folder, template);
