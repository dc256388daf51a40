import { parseArgs } from "node:util";
import { askHealth } from "../box/health.ts";
import { inside } from "../box/layout.ts";
import { pageOf } from "./lib/page.ts";

export const summary = {
  fr: "demande à une passerelle sur cette machine si elle va bien (pour Docker)",
  en: "asks a gateway on this machine whether it is well (for Docker)",
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
