import { execFile } from "node:child_process";
import { readdir, readFile, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import type { Text } from "../core/text.ts";
import { isOpenToOthers } from "./secrets.ts";

const run = promisify(execFile);

/** One line of `vigie doctor`: how it is, and what to do where it is not well. */
export interface Check {
  state: "ok" | "warn" | "bad";
  text: Text;
  /** What to do; nothing where all is well. */
  advice?: Text;
}

/** The clock: without a time source the box does not know when anything happened, though it keeps the order. */
export async function checkClock(sys = "/sys"): Promise<Check> {
  const synced = await output("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  if (synced === "yes") return ok("Horloge à l'heure (NTP)", "Clock in sync (NTP)");
  const battery = (await readdir(`${sys}/class/rtc`).catch(() => [])).length > 0;
  if (battery) return ok("Horloge à pile présente, sans NTP", "Battery-backed clock, no NTP");
  return {
    state: "warn",
    text: { fr: "Horloge ni synchronisée ni sauvegardée", en: "Clock neither synchronised nor battery-backed" },
    advice: {
      fr: "Reliez la machine à un serveur NTP, ajoutez un module RTC (DS3231), ou réglez l'heure sur la page Système.",
      en: "Give it an NTP server, add an RTC module (DS3231), or set the time on the System page.",
    },
  };
}

/** Room for the data folder. */
export async function checkDisk(folder: string): Promise<Check> {
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk)
    return bad(`Dossier ${folder} absent`, `Folder ${folder} missing`, "Lancez vigie install.", "Run vigie install.");
  const free = (disk.bavail * disk.bsize) / 2 ** 30;
  const share = disk.bavail / disk.blocks;
  const text = {
    fr: `Disque : ${free.toFixed(1).replace(".", ",")} Go libres (${Math.round(share * 100)} %)`,
    en: `Disk: ${free.toFixed(1)} GB free (${Math.round(share * 100)} %)`,
  };
  if (share > 0.1 || free > 5) return { state: "ok", text };
  return {
    state: free < 0.5 ? "bad" : "warn",
    text,
    advice: {
      fr: "Réduisez la conservation (store: dans le fichier de site) ou mettez une carte plus grande.",
      en: "Keep less (store: in the site file) or fit a larger card.",
    },
  };
}

/** How worn the SD card or eMMC says it is, where it says so. */
export async function checkWear(sys = "/sys"): Promise<Check> {
  const blocks = await readdir(`${sys}/block`).catch(() => []);
  for (const block of blocks.filter((name) => name.startsWith("mmcblk"))) {
    const life = (await readFile(`${sys}/block/${block}/device/life_time`, "utf8").catch(() => "")).trim();
    const worst = Math.max(
      ...life
        .split(/\s+/)
        .map((hex) => Number.parseInt(hex, 16))
        .filter(Number.isFinite),
    );
    if (!Number.isFinite(worst)) continue;
    const percent = worst * 10;
    if (percent < 80) return ok(`Usure de la mémoire : ${percent} %`, `Storage wear: ${percent} %`);
    return bad(
      `Usure de la mémoire : ${percent} %`,
      `Storage wear: ${percent} %`,
      "Faites une sauvegarde (vigie backup) et changez la carte.",
      "Make a backup (vigie backup) and change the card.",
    );
  }
  return ok(
    "Usure de la mémoire : inconnue (le support ne la donne pas)",
    "Storage wear: unknown (the medium does not say)",
  );
}

/** On a Raspberry Pi: has the supply ever been too weak? */
export async function checkPower(): Promise<Check> {
  const said = await output("vcgencmd", ["get_throttled"]);
  const bits = Number(said?.split("=")[1] ?? Number.NaN);
  if (!Number.isFinite(bits))
    return ok("Alimentation : pas de mesure sur cette machine", "Power: no measurement on this machine");
  if (bits === 0) return ok("Alimentation stable", "Power steady");
  return bad(
    `Alimentation insuffisante ou surchauffe (0x${bits.toString(16)})`,
    `Power too weak or too hot (0x${bits.toString(16)})`,
    "Utilisez l'alimentation officielle et un câble court ; vérifiez l'aération.",
    "Use the official supply and a short cable; check the ventilation.",
  );
}

/** The secrets: there, and nobody else's to read. */
export async function checkSecrets(file: string): Promise<Check | undefined> {
  const open = isOpenToOthers(file);
  if (open === undefined) return undefined;
  if (!open) return ok("Secrets : lisibles par root seul", "Secrets: readable by root only");
  return bad(
    `Secrets : d'autres peuvent lire ${file}`,
    `Secrets: others can read ${file}`,
    `Faites « chmod 600 ${file} », puis changez ces mots de passe.`,
    `Do "chmod 600 ${file}", then change those passwords.`,
  );
}

/** Whether systemd keeps the service running, and whether it had to start it again. */
export async function checkService(): Promise<Check | undefined> {
  const said = await output("systemctl", ["show", "-p", "ActiveState,NRestarts,UnitFileState", "vigie"]);
  if (said === undefined) return undefined;
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1];
  const restarts = Number(field("NRestarts") ?? 0);
  if (field("ActiveState") !== "active")
    return bad(
      "Service : ne tourne pas",
      "Service: does not run",
      "Lancez « systemctl start vigie », puis voyez « journalctl -u vigie ».",
      'Do "systemctl start vigie", then see "journalctl -u vigie".',
    );
  if (field("UnitFileState") !== "enabled")
    return bad(
      "Service : ne démarrera pas avec la machine",
      "Service: will not start with the box",
      "Lancez « systemctl enable vigie ».",
      'Do "systemctl enable vigie".',
    );
  if (restarts < 3) return ok("Service : tourne", "Service: runs");
  return {
    state: "warn",
    text: { fr: `Service : redémarré ${restarts} fois par systemd`, en: `Service: started again ${restarts} times` },
    advice: { fr: "Voyez « journalctl -u vigie ».", en: 'See "journalctl -u vigie".' },
  };
}

/** Adapters, and whether we may open them. */
export async function checkSerial(): Promise<Check> {
  const ports = await readdir("/dev/serial/by-id").catch(() => []);
  if (ports.length > 0) return ok(`Adaptateurs série : ${ports.join(", ")}`, `Serial adapters: ${ports.join(", ")}`);
  return {
    state: "warn",
    text: { fr: "Aucun adaptateur série USB", en: "No USB serial adapter" },
    advice: {
      fr: "Branchez l'adaptateur RS-485, puis « vigie ports ».",
      en: 'Plug in the RS-485 adapter, then "vigie ports".',
    },
  };
}

export const ok = (fr: string, en: string): Check => ({ state: "ok", text: { fr, en } });

export const bad = (fr: string, en: string, adviceFr: string, adviceEn: string): Check => ({
  state: "bad",
  text: { fr, en },
  advice: { fr: adviceFr, en: adviceEn },
});

const output = (program: string, args: string[]): Promise<string | undefined> =>
  run(program, args, { timeout: 5_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
