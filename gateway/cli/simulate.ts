import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { openWorkshop } from "../simulate/workshop.ts";

export const summary = {
  fr: "joue les capteurs de l'atelier de démonstration (Modbus TCP, RTU sur TCP, nœud série)",
  en: "plays the sensors of the demonstration workshop (Modbus TCP, RTU over TCP, serial node)",
};

export const usage = {
  fr: `Usage : vigie simulate [--json]

Ouvre des ports libres sur cette machine, joue jusqu'à Ctrl-C, et dit la commande qui fait lire
ces capteurs par une passerelle.

      --json  écrit les ports en une ligne de JSON, pour un programme`,
  en: `Usage: vigie simulate [--json]

Opens free ports on this machine, plays until Ctrl-C, and tells the command that makes a gateway
read these sensors.

      --json  prints the ports as one line of JSON, for a program`,
};

/** Runs until it is interrupted. `--json` prints the ports as one line of JSON, for `vigie demo`. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  const workshop = await openWorkshop();
  if (values.json) console.log(JSON.stringify(workshop.ports));
  else {
    console.log(
      say({ fr: "L'atelier tourne. Dans un autre terminal :", en: "The workshop is running. In another terminal:" }),
    );
    const env = Object.entries(workshop.ports).map(([name, port]) => `${name}=${port}`);
    console.log(`  ${env.join(" ")} npx vigie run --config config/demo.yaml`);
  }
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
    process.once("disconnect", resolve);
  });
  workshop.close();
  // The channel to whoever started us would keep this process alive.
  if (process.connected) process.disconnect();
  return 0;
}
