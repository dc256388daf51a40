import type { Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";

/** Why a serial port cannot be used, and what to do about it. `message`: what the system calls it. */
export function serialTrouble(path: string, message: string): Text {
  const found = serial.find(({ sounds }) => sounds.test(message));
  if (!found) return { fr: `${path} : ne s'ouvre pas (${message})`, en: `${path}: cannot be opened (${message})` };
  return { fr: `${path} ${found.fr}`, en: `${path} ${found.en}` };
}

const serial: readonly { sounds: RegExp; fr: string; en: string }[] = [
  {
    sounds: /no such file|ENOENT/i,
    fr: "n'est pas là : l'adaptateur est-il branché ? « vigie ports » montre ceux qui y sont",
    en: 'is not there: is the adapter plugged in? "vigie ports" shows those that are',
  },
  {
    sounds: /permission|EACCES|not permitted/i,
    fr: "est interdit à cet utilisateur : ajoutez-le au groupe dialout (sudo usermod -aG dialout NOM), puis reconnectez-vous",
    en: "may not be opened by this user: add it to the group dialout (sudo usermod -aG dialout NAME), then log in again",
  },
  {
    sounds: /lock|busy|temporarily/i,
    fr: "est pris par un autre programme : « vigie ports » montre lequel",
    en: 'is in use by another program: "vigie ports" shows which',
  },
  {
    sounds: /inappropriate ioctl|ENOTTY|is a directory|EISDIR/i,
    fr: "n'est pas un port série",
    en: "is no serial port",
  },
  {
    sounds: /input\/output|EIO|ENXIO|no such device|ENODEV/i,
    fr: "ne réagit plus : débranchez l'adaptateur, puis rebranchez-le",
    en: "does not react any more: unplug the adapter and plug it in again",
  },
  {
    sounds: /invalid argument|EINVAL/i,
    fr: "n'accepte pas ces réglages : vérifiez la vitesse et la parité",
    en: "does not take these settings: check the baud rate and the parity",
  },
];

export const unplugged = (path: string): Text => ({
  fr: `${path} a disparu, vérifiez que l'adaptateur est branché`,
  en: `${path} has gone, see that the adapter is plugged in`,
});

/** Why there is no connection, and what to look at. `code`: what the system calls it. */
export function connectionTrouble(host: string, port: number, code: string): Text {
  const found = connections[code];
  const where = `${host}:${port}`;
  if (!found) return { fr: `${where} : pas de connexion (${code})`, en: `${where}: no connection (${code})` };
  const { fr, en } = found;
  return { fr: `${where} : ${fr}`, en: `${where}: ${en}` };
}

/** Names that are ours: the other side was silent while we called, or it hung up. */
export const NO_ANSWER = "NO_ANSWER";
export const HUNG_UP = "HUNG_UP";

const silent: Text = {
  fr: "personne ne répond à cette adresse : l'appareil est-il allumé, le câble réseau branché, l'adresse juste ?",
  en: "nobody answers at this address: is the device switched on, the network cable in, the address right?",
};
const unreachable: Text = {
  fr: "aucun chemin vers cette adresse : vérifiez le câble réseau, l'adresse et le masque de ce boîtier",
  en: "no way to this address: check the network cable, and this box's own address and mask",
};
const unknownName: Text = {
  fr: "ce nom est inconnu dans le réseau : écrivez l'adresse IP",
  en: "this name is not known in the network: write the IP address",
};
const hungUp: Text = {
  fr: "l'appareil a raccroché : beaucoup n'acceptent qu'une ou deux connexions, un autre programme lui parle peut-être",
  en: "the device hung up: many take one or two connections only, another program may be talking to it",
};

const connections: Readonly<Record<string, Text>> = {
  ECONNREFUSED: {
    fr: "connexion refusée : l'appareil est là, mais rien n'écoute sur ce port ; vérifiez le port et que Modbus TCP y est activé",
    en: "connection refused: something is there, but nothing listens on this port; check the port, and that Modbus TCP is switched on",
  },
  [NO_ANSWER]: silent,
  ETIMEDOUT: silent,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ENETDOWN: unreachable,
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  [HUNG_UP]: hungUp,
  ECONNRESET: hungUp,
  EPIPE: hungUp,
};

/** What happens next, behind any of these. */
export function againIn(delay: Ms): Text {
  const seconds = Math.max(1, Math.round(delay / 1_000));
  return { fr: ` ; nouvel essai dans ${seconds} s`, en: `; trying again in ${seconds} s` };
}

export const opened = (port: string): Text => ({ fr: `${port} est ouvert`, en: `${port} is open` });
