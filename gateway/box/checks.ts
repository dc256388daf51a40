import { execFile } from "node:child_process";
import { readdir, readFile, statfs } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { promisify } from "node:util";
import type { Text } from "../core/text.ts";

const run = promisify(execFile);

/** One line of `vigie doctor`: how it is, and what to do where it is not well. */
export interface Check {
  state: "ok" | "warn" | "bad";
  text: Text;
  /** What to do; nothing where all is well. */
  advice?: Text;
}

/** The clock: without a time source the box does not know when anything happened, though it keeps the order. */
export async function checkClock(): Promise<Check> {
  const synced = await output("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  if (synced === "yes") return ok("Horloge à l'heure (NTP)", "Clock in sync (NTP)");
  const battery = (await readdir("/sys/class/rtc").catch(() => [])).length > 0;
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
export async function checkWear(): Promise<Check> {
  const blocks = await readdir("/sys/block").catch(() => []);
  for (const block of blocks.filter((name) => name.startsWith("mmcblk"))) {
    const life = (await readFile(`/sys/block/${block}/device/life_time`, "utf8").catch(() => "")).trim();
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

/** Whether something (us, if we run) answers on a port, or whether it is free. */
export async function checkPort(name: string, port: number, running: boolean): Promise<Check> {
  const answers = await reachable("127.0.0.1", port);
  if (running && answers) return ok(`${name} : le port ${port} répond`, `${name}: port ${port} answers`);
  if (!running && (await bindable(port)))
    return ok(`${name} : le port ${port} est libre`, `${name}: port ${port} is free`);
  if (running)
    return bad(
      `${name} : le port ${port} ne répond pas`,
      `${name}: port ${port} does not answer`,
      "Voyez journalctl -u vigie.",
      "See journalctl -u vigie.",
    );
  return bad(
    `${name} : le port ${port} est pris par un autre programme`,
    `${name}: port ${port} is taken by another program`,
    "Changez-le dans le fichier de site, ou arrêtez l'autre (ss -ltnp).",
    "Change it in the site file, or stop the other one (ss -ltnp).",
  );
}

/** A server somewhere else: broker or database. */
export async function checkServer(name: string, address: string): Promise<Check> {
  const url = new URL(address);
  const usual: Record<string, number> = { "mqtt:": 1883, "mqtts:": 8883, "http:": 80, "https:": 443 };
  const port = Number(url.port) || usual[url.protocol] || 0;
  if (await reachable(url.hostname, port)) return ok(`${name} : ${url.host} répond`, `${name}: ${url.host} answers`);
  return {
    state: "warn",
    text: { fr: `${name} : ${url.host} ne répond pas`, en: `${name}: ${url.host} does not answer` },
    advice: {
      fr: "Les mesures l'attendent ici, rien n'est perdu. Vérifiez le réseau et le serveur.",
      en: "Readings wait for it here, nothing is lost. Check the network and the server.",
    },
  };
}

const ok = (fr: string, en: string): Check => ({ state: "ok", text: { fr, en } });

const bad = (fr: string, en: string, adviceFr: string, adviceEn: string): Check => ({
  state: "bad",
  text: { fr, en },
  advice: { fr: adviceFr, en: adviceEn },
});

const output = (program: string, args: string[]): Promise<string | undefined> =>
  run(program, args, { timeout: 5_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );

function reachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}

function bindable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
