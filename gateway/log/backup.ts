import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Told } from "../core/text.ts";
import type { Clock } from "../core/time.ts";
import { hasAuditList, keepAuditEnd, unpackFiles } from "./beside.ts";
import { lockFolder, openForReading, Refusal } from "./database.ts";
import { openReader } from "./questions.ts";
import { SCHEMA_VERSION, versionOf } from "./schema.ts";
import { STORE_FILE } from "./store.ts";

/** Beside every backup, in the form that `sha256sum -c` reads. */
const sumFile = (file: string) => `${file}.sha256`;

/** A consistent copy of the store and the files beside it, with its checksum, whether a gateway runs on the folder or not. */
export async function backUp(folder: string, file: string, clock: Clock): Promise<void> {
  const store = join(folder, STORE_FILE);
  if (!existsSync(store))
    throw new Told({
      fr: `${folder} ne contient pas de stockage (${STORE_FILE})`,
      en: `${folder} holds no store (${STORE_FILE})`,
    });
  const reader = openReader(store, clock);
  try {
    await copyWith((draft) => reader().then((line) => line.ask({ call: "backup", file: draft })), file);
  } finally {
    await reader.end();
  }
}

/** Has `copy` write a draft, and gives it the name once it and its checksum are whole on disk. */
export async function copyWith(copy: (draft: string) => Promise<unknown>, file: string): Promise<void> {
  const draft = `${file}.part`;
  rmSync(draft, { force: true });
  await copy(draft);
  const sum = await sumOf(draft);
  sync(draft);
  await writeFile(sumFile(file), `${sum}  ${basename(file)}\n`);
  renameSync(draft, file);
}

/** Puts a backup in the place of the store; the store that was there is kept beside it. Says where. */
export async function restore(folder: string, file: string, clock: Clock): Promise<string | undefined> {
  await verify(file);
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(join(folder, "lock"));
  try {
    const store = join(folder, STORE_FILE);
    const draft = `${store}.part`;
    await copyFile(file, draft);
    const listStays = hasAuditList(folder);
    unpackFiles(draft, folder, clock.now());
    keepAuditEnd(draft, store, listStays);
    sync(draft);
    const aside = existsSync(store) ? join(folder, `before-restore-${clock.now()}`) : undefined;
    if (aside) mkdirSync(aside);
    for (const end of ["", "-wal", "-shm"])
      if (aside && existsSync(store + end)) renameSync(store + end, join(aside, STORE_FILE + end));
    renameSync(draft, store);
    sync(dirname(store));
    handOver(folder);
    return aside;
  } finally {
    lock.release();
  }
}

/** What root has put there goes to whom the folder belongs: a gateway with less power is to write on. */
function handOver(folder: string): void {
  const { uid, gid } = statSync(folder);
  if (process.getuid?.() !== 0 || uid === 0) return;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    lchownSync(join(folder, name), uid, gid);
}

/** Refuses a file that is not what was backed up, or that this Vigie cannot read. */
export async function verify(file: string): Promise<void> {
  if (!existsSync(file)) throw new Told({ fr: `${file} n'existe pas`, en: `${file} does not exist` });
  if (existsSync(sumFile(file))) {
    const [wanted] = (await readFile(sumFile(file), "utf8")).split(/\s/);
    if ((await sumOf(file)) !== wanted)
      throw new Told({
        fr: `${file} est abîmé : son empreinte n'est pas celle de ${sumFile(file)}`,
        en: `${file} is damaged: its checksum is not the one in ${sumFile(file)}`,
      });
  }
  try {
    const db = openForReading(file);
    try {
      const version = versionOf(db);
      if (version > SCHEMA_VERSION)
        throw new Told({
          fr: `${file} vient d'une version plus récente de Vigie (version ${version}, celle-ci connaît ${SCHEMA_VERSION})`,
          en: `${file} is from a newer Vigie (version ${version}, this one knows ${SCHEMA_VERSION})`,
        });
      if (db.prepare("PRAGMA quick_check(1)").get()?.quick_check !== "ok" || version === 0)
        throw new Told({ fr: `${file} n'est pas un stockage intact`, en: `${file} is not a sound store` });
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Told || error instanceof Refusal) throw error;
    throw new Told(
      { fr: `${file} n'est pas un stockage de Vigie`, en: `${file} is not a store of Vigie` },
      { cause: error },
    );
  }
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
