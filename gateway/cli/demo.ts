import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { say } from "../cli.ts";
import { parseFlags, runGateway } from "./run.ts";

export const summary = {
  fr: "fait tourner un atelier de démonstration, sans matériel",
  en: "runs a demonstration workshop, without hardware",
};

export const usage = {
  fr: `Usage : vigie demo [options]

      --data DOSSIER   dossier des données (./data)
      --host ADRESSE   où la page écoute
      --port N         port de la page (0 : un port libre)
      --mqtt-port N    port du broker intégré`,
  en: `Usage: vigie demo [options]

      --data DIR     data folder (./data)
      --host ADDR    where the page listens
      --port N       port of the page (0: a free one)
      --mqtt-port N  port of the embedded broker`,
};

const DEMO = join(import.meta.dirname, "../../config/demo.yaml");

/** `vigie simulate` in its own process, and a gateway that reads it as it would read hardware. */
export async function run(args: string[]): Promise<number> {
  const flags = parseFlags(args);
  const simulator = spawn(process.execPath, [join(import.meta.dirname, "../bin.mjs"), "simulate", "--json"], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const gone = once(simulator, "exit");
  try {
    const ports = await firstLine(simulator);
    if (ports === undefined) {
      console.error(
        say({ fr: "vigie demo : le simulateur n'a pas démarré", en: "vigie demo: the simulator did not start" }),
      );
      return 1;
    }
    for (const [name, port] of Object.entries(JSON.parse(ports) as Record<string, number>))
      process.env[name] = String(port);
    return await runGateway(flags.config ?? DEMO, flags);
  } finally {
    simulator.kill();
    await gone;
  }
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (!child.stdout) return undefined;
  for await (const line of createInterface({ input: child.stdout })) return line;
  return undefined;
}
