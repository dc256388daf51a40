import { parseArgs } from "node:util";
import { uninstall } from "../box/install.ts";
import { stopService, systemdRuns } from "../box/service.ts";
import { say } from "../cli.ts";

export const summary = {
  fr: "retire le programme et son service ; données et configuration restent",
  en: "removes the program and its service; data and configuration stay",
};

export const usage = {
  fr: `Usage : sudo vigie uninstall [--root DOSSIER]

      --root DOSSIER  la racine où Vigie fut installée, si ce n'est pas /`,
  en: `Usage: sudo vigie uninstall [--root DIR]

      --root DIR  the root into which Vigie was installed, if not /`,
};

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { root: { type: "string", default: "/" } } });
  if (process.getuid?.() !== 0) {
    console.error(say({ fr: "Il faut être root : sudo vigie uninstall", en: "This needs root: sudo vigie uninstall" }));
    return 1;
  }
  if (values.root === "/" && systemdRuns()) await stopService({ disable: true });
  uninstall({ root: values.root, tell: (line) => console.log(`  ${say(line)}`) });
  return 0;
}
