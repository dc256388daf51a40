import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { listPorts } from "../drivers/modbus/ports.ts";

export const summary = {
  fr: "liste les adaptateurs série, leur nom stable et qui les tient",
  en: "lists serial adapters, their stable names and what holds them",
};

export const usage = {
  fr: `Usage : vigie ports [--json]

Le nom à écrire dans le fichier de site est le premier de la ligne : il reste le même quand on rebranche.`,
  en: `Usage: vigie ports [--json]

The name to write into the site file is the first one of a line: it stays when the plug is pulled and put back.`,
};

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const ports = await listPorts();
  if (values.json) {
    console.log(JSON.stringify(ports, null, 2));
    return 0;
  }
  if (ports.length === 0)
    console.log(say({ fr: "Aucun adaptateur série : est-il branché ?", en: "No serial adapter: is it plugged in?" }));
  for (const { path, node, heldBy, unstable } of ports) {
    const held =
      heldBy.length > 0
        ? say({ fr: "tenu par ", en: "held by " }) + heldBy.join(", ")
        : say({ fr: "libre", en: "free" });
    const warning = unstable ? say({ fr: " · ce nom peut changer", en: " · this name may change" }) : "";
    console.log(`${path}${path === node ? "" : ` → ${node}`} · ${held}${warning}`);
  }
  return 0;
}
