import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { say, terminalLanguage } from "../cli.ts";
import { clock } from "../clock.ts";
import type { Ms } from "../core/time.ts";
import { advise } from "../drivers/modbus/doctor.ts";
import { type Profile, profileSchema } from "../drivers/modbus/profile.ts";
import {
  type Found,
  factoryRounds,
  fullRounds,
  nameOf,
  type Round,
  scan,
  type Voice,
  yamlFor,
} from "../drivers/modbus/scan.ts";
import { openSession } from "../drivers/modbus/session.ts";
import { writeSlaveId } from "../drivers/modbus/write-id.ts";

export const summary = {
  fr: "cherche les appareils Modbus d'un port et écrit le YAML à coller",
  en: "finds the Modbus devices of a port and prints the YAML to paste",
};

export const usage = {
  fr: `Usage : vigie scan --port P [options]
        vigie scan --port P --slave 1 --profile NOM --write-id 7

Sans option, une minute : ce qu'un appareil sorti du carton répondrait. Ne fait que lire.

      --port P         /dev/serial/by-id/…, tcp://hôte:502 ou rtu+tcp://hôte:4001
      --all            ensuite toutes les adresses à 9600, 19200, 2400, 38400 et 115200 bauds, sans parité et avec
                       parité paire (long) ; d'autres réglages par --bauds 4800 --parities odd
      --ids 1-247      ces adresses seulement
      --bauds 9600,…   ces vitesses
      --parities …     ces parités : none,even,odd
      --json           pour un programme

Changer l'adresse d'un appareil, seulement si son profil dit comment :
      --slave 1        son adresse actuelle
      --profile NOM    son profil (docs/devices.md)
      --write-id 7     sa nouvelle adresse
      --bauds, --parities  ses réglages, s'ils ne sont plus ceux d'usine`,
  en: `Usage: vigie scan --port P [options]
       vigie scan --port P --slave 1 --profile NAME --write-id 7

Without options a minute: what a device fresh from its box would answer to. Reads only.

      --port P         /dev/serial/by-id/…, tcp://host:502 or rtu+tcp://host:4001
      --all            then every id at 9600, 19200, 2400, 38400 and 115200 baud, without parity and with even
                       parity (long); others by --bauds 4800 --parities odd
      --ids 1-247      only these slave ids
      --bauds 9600,…   these baud rates
      --parities …     these parities: none,even,odd
      --json           for a program

Change the slave id of a device, only where its profile says how:
      --slave 1        its id now
      --profile NAME   its profile (docs/devices.md)
      --write-id 7     its new id
      --bauds, --parities  its settings, where they are not the factory's any more`,
};

const options = {
  port: { type: "string" },
  all: { type: "boolean", default: false },
  ids: { type: "string" },
  bauds: { type: "string" },
  parities: { type: "string" },
  json: { type: "boolean", default: false },
  slave: { type: "string" },
  profile: { type: "string" },
  "write-id": { type: "string" },
} as const;

/** First a minute of what a factory-fresh device would answer; then, with --all or where a range is given, everything. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options });
  const { port } = values;
  if (!port) {
    console.error(say(usage));
    return 2;
  }
  const profiles = loadProfiles();
  if (values["write-id"] !== undefined) return changeId(port, values, profiles);
  const found = await look(port, roundsOf(port, values, profiles), profiles);
  if (values.json) console.log(JSON.stringify(found.map(asJson), null, 2));
  else if (found.length > 0) console.log(`\n${yamlFor(port, found, terminalLanguage())}`);
  return found.length > 0 ? 0 : 1;
}

/** `profile` where only one fits, else `oneOf`. */
const asJson = (found: Found) => {
  const names = found.candidates.map(({ profile }) => profile);
  return { ...found, ...(names.length === 1 && { profile: names[0] }), ...(names.length > 1 && { oneOf: names }) };
};

type Values = { [K in "ids" | "bauds" | "parities" | "slave" | "profile" | "write-id"]?: string | undefined } & {
  all: boolean;
};

function roundsOf(port: string, values: Values, profiles: ReadonlyMap<string, Profile>): Round[] {
  const isSerial = port.startsWith("/");
  const narrowed = values.ids ?? values.bauds ?? values.parities;
  const ids = range(values.ids ?? "1-247");
  const bauds = isSerial ? (values.bauds ?? "9600,19200,2400,38400,115200").split(",").map(Number) : [9_600];
  const parities = isSerial ? (values.parities ?? "none,even").split(",") : ["none"];
  const voices = bauds.flatMap((baud) =>
    parities.map(
      (parity): Voice => ({ baud, parity: parity === "even" || parity === "odd" ? parity : "none", stop_bits: 1 }),
    ),
  );
  const factory = narrowed || !isSerial ? [] : factoryRounds(profiles);
  const full = narrowed || values.all || !isSerial ? fullRounds(voices, ids, !port.startsWith("tcp://")) : [];
  return [...factory, ...full];
}

async function look(port: string, rounds: readonly Round[], profiles: ReadonlyMap<string, Profile>): Promise<Found[]> {
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort());
  const found: Found[] = [];
  const sound = { asked: 0, answered: 0, said: new Map<string, boolean>() };
  const looking = scan(rounds, {
    open: (voice) => openSession({ port, ...voice }, () => clock.monotonic()),
    profiles,
    progress: showProgress,
    heard: (voice, asked, answered, counts) => {
      sound.asked += asked;
      sound.answered += answered;
      const symptoms = { baud: voice.baud, serial: port.startsWith("/"), asked, answered, counts };
      // Silence under one voice of many is what scanning is like; damaged answers are news.
      if (answered > 0 || counts.crc > 0)
        for (const advice of advise({ ...symptoms, damagedUnits: [], lateUnits: [] }))
          sound.said.set(say(advice), answered > 0 || (sound.said.get(say(advice)) ?? false));
    },
    signal: ending.signal,
  });
  for await (const slave of looking) {
    found.push(slave);
    const { voice } = slave;
    wipe();
    console.error(`${slave.slave} · ${voice.baud} ${voice.parity} · ${say(nameOf(slave))}`);
  }
  wipe();
  // Where a slave was heard, the noise under the other voices is only its own.
  for (const [advice, heard] of sound.said) if (heard || sound.answered === 0) console.error(advice);
  if (sound.answered === 0)
    console.error(
      say({
        fr: "Rien trouvé. Vérifiez l'alimentation, croisez A et B, ou cherchez partout avec --all.",
        en: "Nothing found. Check the supply, swap A and B, or look everywhere with --all.",
      }),
    );
  return found;
}

/** Takes the progress line off the terminal. */
function wipe(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

function showProgress(voice: Voice, slave: number, left: Ms): void {
  if (!process.stderr.isTTY) return;
  const seconds = Math.ceil(left / 1_000);
  process.stderr.write(
    `\r\x1b[K${voice.baud} ${voice.parity} · ${slave} · ${say({ fr: "encore au plus", en: "at most" })} ${seconds} s`,
  );
}

async function changeId(
  port: string,
  values: Values & { baud?: string },
  profiles: ReadonlyMap<string, Profile>,
): Promise<number> {
  const profile = profiles.get(values.profile ?? "");
  const [from, to] = [Number(values.slave), Number(values["write-id"])];
  if (!profile?.write_id || !(from >= 1 && from <= 247) || !(to >= 1 && to <= 247)) {
    console.error(profile && !profile.write_id ? say(cannot) : say(usage));
    return 2;
  }
  const { baud, parity, stop_bits } = profile.defaults;
  const voice = {
    baud: Number(values.bauds ?? baud),
    parity: values.parities === "even" || values.parities === "odd" ? values.parities : parity,
    stop_bits,
  };
  const session = await openSession({ port, ...voice }, () => clock.monotonic());
  try {
    const now = await writeSlaveId(session, profile.write_id, from, to);
    console.log(
      say({ fr: `L'appareil répond maintenant à l'adresse ${now}.`, en: `The device now answers as ${now}.` }),
    );
    if (now !== to)
      console.log(say({ fr: "Coupez et remettez son alimentation.", en: "Switch its supply off and on." }));
    return 0;
  } finally {
    await session.close();
  }
}

const cannot = {
  fr: "Ce profil ne dit pas comment changer l'adresse : voyez la notice de l'appareil.",
  en: "This profile does not say how to change the slave id: see the device's manual.",
};

function range(written: string): number[] {
  return written.split(",").flatMap((part) => {
    const [low = 1, high = low] = part.split("-").map(Number);
    return Array.from({ length: Math.max(0, Math.min(247, high) - low + 1) }, (_, i) => low + i);
  });
}

function loadProfiles(): ReadonlyMap<string, Profile> {
  const folder = join(import.meta.dirname, "../../config/profiles");
  const names = readdirSync(folder).filter((file) => file.endsWith(".yaml") && !file.startsWith("teleinfo-"));
  return new Map(
    names.map((file) => [
      basename(file, ".yaml"),
      profileSchema.parse(parse(readFileSync(join(folder, file), "utf8"))),
    ]),
  );
}
