import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { askHealth } from "../box/health.ts";
import { userOf } from "../box/install.ts";
import { inside, USER } from "../box/layout.ts";
import { ReleaseRefused } from "../box/manifest.ts";
import { restartService, stopService, systemdRuns } from "../box/service.ts";
import { type BoxParts, settle, update } from "../box/update.ts";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { Told } from "../core/text.ts";
import { openForReading } from "../log/database.ts";
import { versionOf } from "../log/schema.ts";
import { STORE_FILE } from "../log/store.ts";
import { version } from "../version.ts";
import { pageOf } from "./lib/page.ts";

export const summary = {
  fr: "passe à une livraison plus récente, et revient seul en arrière si elle ne lit pas les machines",
  en: "moves to a later release, and goes back by itself if it does not read the machines",
};

export const usage = {
  fr: `Usage : sudo vigie update --from LIVRAISON.tar.gz   (sur une machine installée)

      --from FICHIER  la livraison signée
      --settle        finit une mise à jour interrompue (fait par le service)`,
  en: `Usage: sudo vigie update --from RELEASE.tar.gz   (on an installed box)

      --from FILE  the signed release
      --settle     finishes an update that was cut off (done by the service)`,
};

const execute = promisify(execFile);
/** The share of the points with a good value before that the new version must reach: one sensor may fail meanwhile. */
const ENOUGH = 0.8;

/** `--from FILE` updates; `--settle` finishes an update that was cut off, and does nothing where there is none. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { from: { type: "string" }, settle: { type: "boolean" } } });
  const { from } = values;
  if ((from === undefined) === !values.settle || process.getuid?.() !== 0 || !systemdRuns()) {
    console.error(say(usage));
    return 2;
  }
  // A terminal that is closed half-way must not leave the new version without a judge.
  process.on("SIGHUP", () => undefined);
  const web = await pageOf(inside.site);
  const parts: BoxParts = {
    root: "/",
    clock,
    tell: (line) => console.log(`  ${say(line)}`),
    restart: () => restartService(),
    well: () => readsMachines(web),
    bringBack,
  };
  try {
    if (from === undefined) {
      await settle(parts);
      return 0;
    }
    const now = await update({ ...parts, file: from, keepStore: (before) => keepStore(before, web) });
    await audit(now === version ? "update-taken-back" : "updated", `${version} → ${now}: ${from}`);
    if (now === version) return 1;
    // The new version's own unit, rules and journal limits; its files are in place already.
    const { stdout } = await execute(inside.command, ["install", "--no-start"]);
    console.log(stdout.trimEnd());
    return 0;
  } catch (error) {
    if (!(error instanceof ReleaseRefused)) throw error;
    await audit("update-refused", `${from}: ${error.message}`);
    console.error(
      say({ fr: `Refusée, rien n'a changé : ${error.text.fr}`, en: `Refused, nothing has changed: ${error.text.en}` }),
    );
    return 1;
  }
}

/** A store that root had written would be one that the service cannot open. */
const asVigie = (...args: string[]) => execute("runuser", ["-u", USER, "--", inside.command, ...args]);

/** Laid down for the gateway's audit list; by its own user, because root must not write where others can put a link. */
async function audit(what: string, detail: string): Promise<void> {
  const line = JSON.stringify({ who: "root", from: "", what, detail: detail.slice(0, 300) });
  const put = 'printf "%s\\n" "$1" >> "$2"';
  const file = join(inside.data, "audit", "inbox.jsonl");
  await execute("runuser", ["-u", USER, "--", "sh", "-c", put, "sh", line, file]).catch(() => undefined);
}

const keptStore = (before: string): string => join(inside.data, `before-update-from-${before}.vigie`);

/** A newer version may change the shape of the store, which an older one then refuses: so the old shape is kept until it runs. */
async function keepStore(before: string, web: { host: string; port: number }): Promise<void> {
  const health = await askHealth(web);
  writeFileSync(inside.trial, JSON.stringify({ good: health?.points?.good ?? 0 }));
  rmSync(keptStore(before), { force: true });
  await asVigie("backup", keptStore(before), "--data", inside.data);
  // Compiled by the old version: of no use to the new one, and it would never shrink.
  rmSync(inside.codeCache, { recursive: true, force: true });
}

/** Only a store of another shape is changed back: the readings of the trial are good readings. */
async function bringBack(before: string): Promise<void> {
  const kept = keptStore(before);
  if (!existsSync(kept) || shapeOf(kept) === shapeOf(join(inside.data, STORE_FILE))) return;
  await stopService({ disable: false });
  await asVigie("restore", kept, "--data", inside.data);
}

/** Asked as the service's user: SQLite may make files beside a store that it reads. */
function shapeOf(file: string): number | undefined {
  const user = userOf("/");
  if (!user) throw new Told({ fr: `il n'y a pas d'utilisateur ${USER}`, en: `there is no user ${USER}` });
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    const db = openForReading(file);
    try {
      return versionOf(db);
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

const trial = z.object({ good: z.int() });

/** Well means: it answers, its log takes what it is given, and about as many points have a good value as before. */
async function readsMachines(web: { host: string; port: number }): Promise<boolean> {
  const health = await askHealth(web);
  if (!health?.well) return false;
  const { good } = trial.parse(JSON.parse(readFileSync(inside.trial, "utf8")));
  return (health.points?.good ?? 0) >= good * ENOUGH;
}
