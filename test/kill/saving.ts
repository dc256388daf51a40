import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigAnswer } from "../../gateway/core/api.ts";
import { furniture, world } from "../unit/web/world.ts";
import { say } from "./talker.ts";

/** A site file that tells which one it is at both ends, and takes many blocks of a disk. */
export const siteText = (n: number): string =>
  `# ${n}\nsite: { id: nord, name: Nord, timezone: Europe/Paris, language: fr }\nmachines: []\ndrivers: []\n${"# "
    .padEnd(100, "-")
    .concat("\n")
    .repeat(20 + (n % 900))}# ${n}\n`;

/** Which site file a text is, if it is one whole. */
export function siteNumber(text: string): number | undefined {
  const n = Number(/^# (\d+)\n/.exec(text)?.[1] ?? Number.NaN);
  return Number.isInteger(n) && text === siteText(n) ? n : undefined;
}

/** Made to be killed: saves one site file after the other through the page's own route, for ever. */
async function saveForEver(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "gateway.yaml");
  const { config } = furniture(folder);
  writeFileSync(file, siteText(0));
  const { api } = await world({}, { folder, ...(config && { config }) });
  let revision = ((await (await fetch(api("/config"))).json()) as ConfigAnswer).revision;
  say("open", 0);
  for (let n = 1; ; n++) {
    say("begin-save", n);
    const answer = await fetch(api("/config"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: siteText(n), revision }),
    });
    if (!answer.ok) throw new Error(`saving ${n}: ${answer.status} ${await answer.text()}`);
    revision = ((await answer.json()) as ConfigAnswer).revision;
    say("end-save", n);
  }
}

const [, program, folder] = process.argv;
if (program === import.meta.filename && folder) await saveForEver(folder);
