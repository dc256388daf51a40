import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { loadConfig } from "../../gateway/config/load.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good } from "../../gateway/core/reading.ts";
import { openForReading } from "../../gateway/log/database.ts";
import { versionOf } from "../../gateway/log/schema.ts";
import { openStore, STORE_FILE } from "../../gateway/log/store.ts";
import { loadPlugins } from "../../gateway/plugin.ts";
import { checkNumbers } from "../kill/damage.ts";
import { script } from "../kill/migrating.ts";
import { siteNumber } from "../kill/saving.ts";
import type { Talker } from "../kill/talker.ts";
import { check, WRITER } from "../kill/trial.ts";
import { world } from "../unit/web/world.ts";
import type { Cut } from "./disk.ts";
import { firstReadingMs } from "./first.ts";

export interface Found {
  /** Something that was reported saved is not there. */
  lost?: string;
  /** Something is there that should not be, or the file is not sound. */
  wrong?: string;
  worst?: Record<string, number>;
}

/** One thing that a power cut may interrupt. */
export interface Kind {
  phase: string;
  program: string;
  /** Puts on the disk what the program needs; answers its arguments. */
  prepare(disk: string): Promise<string[]>;
  /** Whether the freeze caught it in the middle. */
  hit(talker: Talker, cut: Cut): boolean;
  judge(disk: string, talker: Talker, cut: Cut): Promise<Found>;
}

const writer = {
  program: WRITER,
  prepare: async (disk: string) => [join(disk, "data"), "0"],
  async judge(disk: string, talker: Talker, cut: Cut): Promise<Found> {
    const worstFirstReadingMs = await firstReadingMs(join(disk, "data"));
    const found = await check(join(disk, "data"));
    const [saved, cell] = [talker.largest("saved", cut.calledAt), talker.largest("cell", cut.calledAt)];
    return {
      ...((found.last < saved || found.cell < cell) && {
        lost: `${found.last} of ${saved}, cell ${found.cell} of ${cell}`,
      }),
      ...((found.wrong || found.integrity !== "ok") && { wrong: found.wrong ?? found.integrity }),
      worst: {
        worstLossMs: cut.wall - found.lastT,
        worstOpenMs: found.openMs,
        worstFirstReadingMs,
        readings: found.last + 1,
      },
    };
  },
};

const append: Kind = {
  ...writer,
  phase: "append",
  hit: (talker, cut) => !talker.caughtIn("compaction", cut),
};

const compaction: Kind = {
  ...writer,
  phase: "compaction",
  prepare: async (disk) => [join(disk, "data"), "0", "all the time"],
  hit: (talker, cut) => talker.caughtIn("compaction", cut),
};

const CARRIED = 200_000;

const migration: Kind = {
  phase: "migration",
  program: join(import.meta.dirname, "../kill/migrating.ts"),
  async prepare(disk) {
    const folder = mkdtempSync(join(tmpdir(), "vigie-template-"));
    const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }) });
    for (let n = 0; n < CARRIED; )
      await store.readings.append(Array.from({ length: 20_000 }, () => good(`m/s${n % 5}`, clock.now(), n++)));
    await store.close();
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return [disk, join(folder, STORE_FILE)];
  },
  hit: (talker, cut) => talker.caughtIn("migration", cut),
  async judge(disk, talker, cut) {
    const done = talker.largest("end-migration", cut.calledAt);
    let all: Found = {};
    for (const name of readdirSync(disk)) {
      const n = Number(/^store-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      // Copied without a migration begun, or on its way out: nobody promised anything.
      if (!(n <= talker.largest("begin-migration", cut.frozenAt)) || n < done) continue;
      all = { ...all, ...migrated(join(disk, name, STORE_FILE), n <= done) };
    }
    return all;
  },
};

/** Whether a store that was cut while it was brought to another version is as before or as after, and starts. */
function migrated(file: string, done: boolean): Found {
  const version = versionIn(file);
  if (done && version !== script.length)
    return { lost: `${file} is of version ${version} although its migration was done` };
  if (version !== 1 && version !== script.length) return { wrong: `${file} is of version ${version}, between two` };
  const started = performance.now();
  const found = checkNumbers(file, CARRIED, script);
  const worst = { worstOpenMs: performance.now() - started };
  if (found.missing > 0) return { lost: `${found.missing} readings of ${file}`, worst };
  if (found.wrong > 0 || found.recovered || versionIn(file) !== script.length)
    return { wrong: `${file}: ${JSON.stringify(found)}, version ${versionIn(file)}`, worst };
  return { worst };
}

function versionIn(file: string): number {
  const db = openForReading(file);
  try {
    return versionOf(db);
  } finally {
    db.close();
  }
}

const config: Kind = {
  phase: "config save",
  program: join(import.meta.dirname, "../kill/saving.ts"),
  prepare: async (disk) => [join(disk, "site")],
  hit: (talker, cut) => talker.caughtIn("save", cut),
  async judge(disk, talker, cut) {
    const file = join(disk, "site", "gateway.yaml");
    const n = siteNumber(readFileSync(file, "utf8"));
    if (n === undefined) return { wrong: "the site file is torn" };
    loadConfig(file, await loadPlugins(), process.env);
    const saved = talker.largest("end-save", cut.calledAt);
    if (n < saved) return { lost: `site file ${n} of ${saved}` };
    const before = siteNumber(readFileSync(`${file}.before`, "utf8"));
    if (before === undefined) return { wrong: "the file that was there before is torn" };
    if (before < saved - 1) return { lost: `site file before: ${before} of ${saved - 1}` };
    // The web server with its audit list starts on it, too.
    const { web } = await world({}, { folder: join(disk, "site") });
    await web.close();
    return { worst: { saves: n } };
  },
};

export const kinds: readonly Kind[] = [append, compaction, migration, config];
