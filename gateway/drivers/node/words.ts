import type { MessageOf } from "../../../firmware-bridge/message.ts";
import type { Text } from "../../core/text.ts";

/** What the log says of nodes. */

export const away = (port: string, why: string): Text => ({
  fr: `${port} n'est pas là (${why}), nouvel essai`,
  en: `${port} is not there (${why}), trying again`,
});

const resets: Readonly<Record<MessageOf<"hello">["cause"], Text>> = {
  unknown: { fr: "cause inconnue", en: "unknown cause" },
  "power-on": { fr: "mise sous tension", en: "power switched on" },
  "brown-out": { fr: "baisse de tension", en: "supply voltage dipped" },
  watchdog: { fr: "chien de garde", en: "watchdog" },
  "reset-pin": { fr: "bouton ou fil de remise à zéro", en: "reset button or wire" },
  software: { fr: "demandé par le logiciel", en: "asked for by software" },
};

export const there = ({ id, firmware, release, cause }: MessageOf<"hello">): Text => ({
  fr: `le nœud ${id} est là (${firmware} ${release}, dernier redémarrage : ${resets[cause].fr})`,
  en: `node ${id} is there (${firmware} ${release}, last reset: ${resets[cause].en})`,
});

export const isNew = (node: string, channels: readonly string[]): Text => ({
  fr: `le nœud ${node} est nouveau, affectez ses voies à une machine : ${channels.join(", ")}`,
  en: `node ${node} is new, put its channels on a machine: ${channels.join(", ")}`,
});

export const misfits = (node: string, how: Text): Text => ({
  fr: `le nœud ${node} ${how.fr}`,
  en: `node ${node} ${how.en}`,
});

export const noChannel = (channel: string): Text => ({
  fr: `n'a pas de voie « ${channel} »`,
  en: `has no channel "${channel}"`,
});

export const isBurst = (channel: string): Text => ({
  fr: `donne « ${channel} » en vibration brute : sa place est sous bursts:`,
  en: `offers "${channel}" as raw vibration: it belongs under bursts:`,
});

export const otherUnit = (channel: string, gives: string, wanted: string): Text => ({
  fr: `donne « ${channel} » en ${gives}, pas en ${wanted}`,
  en: `gives "${channel}" in ${gives}, not in ${wanted}`,
});

export const noBurst = (channel: string): Text => ({
  fr: `n'a pas de vibration brute « ${channel} »`,
  en: `has no raw vibration called "${channel}"`,
});

export const refusesSetting = (key: string, channel: string, result: string, value: number): Text => ({
  fr: `le nœud refuse ${key} de ${channel} (${result}), il garde ${value}`,
  en: `the node refuses ${key} of ${channel} (${result}), it keeps ${value}`,
});
