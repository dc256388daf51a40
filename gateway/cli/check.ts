import { parseArgs } from "node:util";
import { say, speakAs } from "../cli.ts";
import { clock } from "../clock.ts";
import { examine } from "../config/examine.ts";
import { languageOf } from "../config/language.ts";
import { loadConfig } from "../config/load.ts";
import { Meters } from "../core/meter.ts";
import { loadPlugins } from "../plugin.ts";
import { openSay } from "../say.ts";
import { envFor } from "./lib/page.ts";

export const summary = { fr: "vérifie un fichier de site, sans rien ouvrir", en: "checks a site file, opens nothing" };

export const usage = {
  fr: `Usage : vigie check FICHIER

Dit chaque erreur avec sa ligne, et la charge de chaque bus. N'ouvre aucun port.`,
  en: `Usage: vigie check FILE

Names every error with its line, and how full each bus is. Opens no port.`,
};

/** Exit code 0 when the file could run, 1 with every problem as `file:line:column path: message`. */
export async function run(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    console.error(say(usage));
    return 2;
  }
  speakAs(languageOf(file));
  const plugins = await loadPlugins();
  const loaded = loadConfig(file, plugins, envFor(file));
  const { site, machines, profile } = loaded.config;
  const meters = new Meters();
  const unused = { load: async () => new Map<string, unknown>(), commit: async () => undefined };
  const examined = examine(loaded, plugins, (id) => ({
    ...{ id, site, clock, meters, machines, profile, cells: unused, say: openSay(site.timezone) },
  }));
  for (const line of examined.report) console.log(say(line));
  const count = { drivers: examined.drivers.size, machines: machines.size, points: examined.points.length };
  console.log(
    say({
      fr: `${file} : bon. ${many(count.machines, "machine")}, ${many(count.drivers, "pilote")}, ${many(count.points, "point")}.`,
      en: `${file}: good. ${many(count.machines, "machine")}, ${many(count.drivers, "driver")}, ${many(count.points, "point")}.`,
    }),
  );
  return 0;
}

/** Both languages add an s. */
const many = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
