import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { inside, USER } from "../box/layout.ts";
import { ReleaseRefused } from "../box/manifest.ts";
import { restartService, systemdRuns } from "../box/service.ts";
import { update } from "../box/update.ts";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { version } from "../version.ts";

export const summary = {
  fr: "passe à une livraison plus récente, et revient seul en arrière si elle ne lit pas les machines",
  en: "moves to a later release, and goes back by itself if it does not read the machines",
};

const execute = promisify(execFile);

/** As the service's own user: a store that root had written would be one that the service cannot open. */
const vigie = (...args: string[]) => execute("runuser", ["-u", USER, "--", inside.command, ...args]);

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { from: { type: "string" }, port: { type: "string", default: "8080" } },
  });
  if (values.from === undefined || process.getuid?.() !== 0 || !systemdRuns()) {
    console.error(
      say({
        fr: "Usage : sudo vigie update --from LIVRAISON.tar.gz, sur une machine installée",
        en: "Usage: sudo vigie update --from RELEASE.tar.gz, on an installed box",
      }),
    );
    return 2;
  }
  try {
    const now = await update({
      ...{ file: values.from, root: "/", clock, tell: (line: string) => console.log(`  ${line}`) },
      restart: restartService,
      well: () => readsMachines(Number(values.port)),
      keepStore,
    });
    return now === version ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ReleaseRefused)) throw error;
    console.error(
      say({ fr: `Refusée, rien n'a changé : ${error.message}`, en: `Refused, nothing has changed: ${error.message}` }),
    );
    return 1;
  }
}

/** A newer version may change the shape of the store, which an older one then refuses: so the old shape is kept until it runs. */
async function keepStore(): Promise<() => Promise<void>> {
  const file = join(inside.data, `before-update-from-${version}.vigie`);
  rmSync(file, { force: true });
  await vigie("backup", file, "--data", inside.data);
  return async () => {
    await execute("systemctl", ["stop", "vigie"]);
    await vigie("restore", file, "--data", inside.data);
  };
}

/** Well means: it answers, its log takes what it is given, and readings arrive in it. */
async function readsMachines(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(3_000) });
    return answer.ok;
  } catch {
    return false;
  }
}
