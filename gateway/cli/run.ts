import { existsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { keepWatchdog } from "../box/watchdog.ts";
import { Misused, say, speakAs } from "../cli.ts";
import { clock } from "../clock.ts";
import { languageOf } from "../config/language.ts";
import { type Text, Told } from "../core/text.ts";
import { StoreTrouble } from "../log/rpc.ts";
import { type Gateway, type Overrides, startGateway } from "../main.ts";
import { patientNames } from "../names.ts";
import { Trial } from "../trial.ts";
import { makeRoom } from "./lib/room.ts";

export const summary = {
  fr: "fait tourner la passerelle avec un fichier de site",
  en: "runs the gateway with a site file",
};

export const usage = {
  fr: `Usage : vigie run --config SITE.yaml [options]

  -c, --config FICHIER  fichier de site
      --data DOSSIER    dossier des données (./data)
      --host ADRESSE    où la page écoute, au lieu du fichier
      --port N          port de la page, au lieu du fichier (0 : un port libre)
      --mqtt-port N     port du broker intégré, au lieu du fichier`,
  en: `Usage: vigie run --config SITE.yaml [options]

  -c, --config FILE  site file
      --data DIR     data folder (./data)
      --host ADDR    where the page listens, instead of the file's
      --port N       port of the page, instead of the file's (0: a free one)
      --mqtt-port N  port of the embedded broker, instead of the file's`,
};

/** Where an installed gateway keeps its site file. */
const INSTALLED = "/etc/vigie/gateway.yaml";

export async function run(args: string[]): Promise<number> {
  const flags = parseFlags(args);
  const file = flags.config ?? INSTALLED;
  if (!flags.config && !existsSync(file)) {
    console.error(
      say({
        fr: `vigie run : il n'y a pas de fichier ${file}.\n  Donnez-en un : vigie run --config MON_ATELIER.yaml (modèles dans config/)\n  Pour essayer sans matériel : vigie demo`,
        en: `vigie run: there is no file ${file}.\n  Name one: vigie run --config MY_WORKSHOP.yaml (examples in config/)\n  To try it without hardware: vigie demo`,
      }),
    );
    return 1;
  }
  speakAs(languageOf(file));
  return runGateway(file, flags, makeRoom);
}

export interface Flags {
  config?: string;
  data: string;
  host?: string;
  port?: number;
  mqttPort?: number;
}

/** The flags that `run` and `demo` share. */
export function parseFlags(args: string[]): Flags {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string", short: "c" },
      data: { type: "string", default: "./data" },
      host: { type: "string" },
      port: { type: "string" },
      "mqtt-port": { type: "string" },
    },
  });
  return {
    data: values.data,
    ...(values.config !== undefined && { config: values.config }),
    ...(values.host !== undefined && { host: values.host }),
    ...(values.port !== undefined && { port: port("--port", values.port) }),
    ...(values["mqtt-port"] !== undefined && { mqttPort: port("--mqtt-port", values["mqtt-port"]) }),
  };
}

/** Runs until SIGINT or SIGTERM; a site file that the page has changed starts it anew in between. Resolves to the exit code. */
export async function runGateway(file: string, flags: Flags, planned?: Overrides["planned"]): Promise<number> {
  const stopped = new Promise<"stop">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve("stop"));
  });
  patientNames();
  const trial = new Trial(file, clock);
  for (let first = true; ; first = false) {
    const changed = Promise.withResolvers<"reload" | "between">();
    let between: (() => Promise<void>) | undefined;
    let gateway: Gateway;
    try {
      const reload = async (errand?: () => Promise<void>) => {
        between = errand;
        changed.resolve(errand ? "between" : "reload");
      };
      gateway = await startGateway(file, { ...flags, reload, ...(first && planned && { planned }) });
    } catch (error) {
      if (!isPlain(error)) throw error;
      console.error(inWords(error, flags));
      if (!first && trial.giveBack()) continue;
      return 1;
    }
    const running = new AbortController();
    void keepWatchdog(beats(gateway), clock, running.signal);
    flushCompileCache();
    if (first) console.log(greeting(gateway));
    const next = await Promise.race([stopped, changed.promise, trial.watch(gateway.meters)]);
    if (next === "stop") {
      console.log(
        say({
          fr: "Arrêt : les dernières mesures sont mises à l'abri…",
          en: "Stopping: putting the last readings away…",
        }),
      );
    }
    if (next === "reload") trial.begin(gateway.meters);
    if (next === "worse") {
      trial.giveBack();
      console.error(
        say({
          fr: "Le nouveau fichier de site lit moins bien les machines : l'ancien est revenu.",
          en: "The new site file reads the machines less well: the old one is back.",
        }),
      );
    }
    running.abort();
    await gateway.stop();
    if (next === "stop") return 0;
    await between?.();
  }
}

/** Alive means that the heartbeat went on since the last look; a loop that only spins does not beat. */
function beats({ meters }: Gateway): () => boolean {
  let seen = 0;
  return () => {
    const now = meters.sum("readings_good_total", { driver: "gateway" });
    const alive = now > seen;
    seen = now;
    return alive;
  };
}

function greeting({ url, broker, setupCode, open, fromMemory }: Gateway): string {
  const lines = [say({ fr: `Vigie veille : ${url}`, en: `Vigie is on watch: ${url}` })];
  if (broker) lines.push(`MQTT: ${broker.url}`);
  if (open)
    lines.push(
      say({
        fr: "Cette page est ouverte sans compte, sur cette machine seulement (web: { open: true }).",
        en: "The page is open without an account, on this machine only (web: { open: true }).",
      }),
    );
  if (setupCode) lines.push(say(firstAccount(url, setupCode)));
  if (fromMemory) lines.push(say(fromMemory));
  return lines.join("\n");
}

/** It is made on the box itself; from elsewhere the way there is through ssh. */
function firstAccount(url: string, code: string): Text {
  const { protocol, port } = new URL(url);
  const [page, tunnel] = [`${protocol}//localhost:${port}/setup`, `ssh -L ${port}:127.0.0.1:${port}`];
  return {
    fr: `Premier compte : sur cette machine, ou par ${tunnel} UTILISATEUR@BOITIER, ouvrez ${page} et donnez ce code, une seule fois : ${code}`,
    en: `First account: on this machine, or through ${tunnel} USER@BOX, open ${page} and give this code, once: ${code}`,
  };
}

function port(flag: string, written: string): number {
  const number = Number(written);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new Misused({
    fr: `${flag} ${written} : un port est un nombre entier de 0 à 65535`,
    en: `${flag} ${written}: a port is a whole number from 0 to 65535`,
  });
}

/** What the system said, and what to do about it. */
function inWords(error: Error, { data }: Flags): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE")
    return say({
      fr: `Ce port est déjà pris par un autre programme (${error.message}).\n  Choisissez-en un autre : --port (page), --mqtt-port (MQTT), ou web: et broker: dans le fichier de site.`,
      en: `Another program has this port already (${error.message}).\n  Choose another one: --port (page), --mqtt-port (MQTT), or web: and broker: in the site file.`,
    });
  const unusable = error instanceof StoreTrouble && error.trouble !== "refused";
  if (unusable || ["EACCES", "EROFS", "ENOENT", "EEXIST", "ENOTDIR", "EPERM"].includes(code))
    return say({
      fr: `Le dossier de données ${data} ne peut pas servir (${error.message}).\n  Donnez-en un où l'on peut écrire : --data DOSSIER.`,
      en: `The data folder ${data} cannot be used (${error.message}).\n  Name one that can be written to: --data DIR.`,
    });
  return error instanceof Told ? say(error.text) : error.message;
}

/** Errors that a person can act on need no stack: a port in use, a folder that is not writable, a second instance. */
const isPlain = (error: unknown): error is Error =>
  error instanceof Told || (error instanceof Error && "code" in error);
