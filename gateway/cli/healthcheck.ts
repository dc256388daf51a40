import { parseArgs } from "node:util";
import { askHealth } from "../box/health.ts";
import { inside } from "../box/layout.ts";
import { pageOf } from "./lib/page.ts";

export const summary = {
  fr: "demande à une passerelle sur cette machine si elle va bien (pour Docker)",
  en: "asks a gateway on this machine whether it is well (for Docker)",
};

export const usage = {
  fr: `Usage : vigie healthcheck [options]   (code 0 : tout va bien)

  -c, --config FICHIER  fichier de site de la passerelle
      --port N          port de sa page, s'il n'est pas celui du fichier`,
  en: `Usage: vigie healthcheck [options]   (exit code 0: all is well)

  -c, --config FILE  site file of the gateway
      --port N       port of its page, where it is not the file's`,
};

/** Exit code 0 when `/healthz` says that all is well; address and port are those of the site file. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { config: { type: "string", short: "c", default: inside.site }, port: { type: "string" } },
  });
  const page = await pageOf(values.config);
  const health = await askHealth(values.port === undefined ? page : { ...page, port: Number(values.port) }, 4_000);
  console.log(JSON.stringify(health ?? { well: false }));
  return health?.well ? 0 : 1;
}
