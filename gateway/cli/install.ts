import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { install } from "../box/install.ts";
import { inside } from "../box/layout.ts";
import { restartService, serviceJournal, systemdRuns } from "../box/service.ts";
import { say } from "../cli.ts";
import type { Text } from "../core/text.ts";
import { version } from "../version.ts";

export const summary = {
  fr: "installe Vigie sur cette machine (utilisateur, service, dossiers) ; se relance sans risque",
  en: "installs Vigie on this machine (user, service, folders); safe to run again",
};

export const usage = {
  fr: `Usage : sudo npx vigie install [options]

      --root DOSSIER  installe dans cette racine plutôt que dans /
      --no-start      n'active pas le service`,
  en: `Usage: sudo npx vigie install [options]

      --root DIR  installs into that root instead of /
      --no-start  does not start the service`,
};

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { root: { type: "string", default: "/" }, "no-start": { type: "boolean", default: false } },
  });
  if (process.getuid?.() !== 0) {
    console.error(
      say({ fr: "Il faut être root : sudo npx vigie install", en: "This needs root: sudo npx vigie install" }),
    );
    return 1;
  }
  const source = join(import.meta.dirname, "../..");
  let steps = 0;
  const tell = (line: Text) => {
    steps++;
    console.log(`  ${say(line)}`);
  };
  install({ source, version, root: values.root, tell });
  if (steps === 0) console.log(say({ fr: "Tout est déjà en place.", en: "Everything is in place already." }));
  if (values.root !== "/" || values["no-start"] || !systemdRuns()) {
    console.log(say({ fr: "Le service n'a pas été démarré.", en: "The service was not started." }));
    return 0;
  }
  await restartService({ enable: true });
  console.log(say({ fr: "Le service tourne. Il a dit :", en: "The service runs. It said:" }));
  console.log(await serviceJournal(20));
  const next = existsSync(inside.site) ? inside.site : "";
  console.log(
    say({
      fr: `Ensuite : « vigie ports », « vigie scan », puis vos machines dans ${next} ; « vigie doctor » contrôle la machine.`,
      en: `Next: "vigie ports", "vigie scan", then your machines in ${next}; "vigie doctor" checks the box.`,
    }),
  );
  return 0;
}
