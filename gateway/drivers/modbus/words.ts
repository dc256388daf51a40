import { type FaultCode, faults } from "../../core/fault.ts";
import type { Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";
import { againIn } from "../lib/trouble.ts";
import type { CounterEvent } from "./counter.ts";
import type { Tag } from "./tags.ts";

/** What the log says of devices on a wire. */

export const silent = (device: string, why: FaultCode, again: Ms): Text => ({
  fr: `${device} muet (${faults[why].fr})${againIn(again).fr}`,
  en: `${device} silent (${faults[why].en})${againIn(again).en}`,
});

export const back = (device: string): Text => ({
  fr: `${device} répond à nouveau`,
  en: `${device} answers again`,
});

export const refuses = (device: string, { name, table, at }: Tag): Text => ({
  fr: `${device} refuse ${name} (${table} ${at}) ; laissé de côté, nouvel essai de temps en temps, au moins toutes les 10 min`,
  en: `${device} refuses ${name} (${table} ${at}); leaving it out, trying again now and then, at least every 10 min`,
});

export const stuck = (port: string): Text => ({
  fr: `${port} est ouvert mais rien n'en vient, même rouvert : débranchez l'adaptateur et rebranchez-le, ou tous les appareils sont éteints.`,
  en: `${port} is open but nothing comes from it, not even opened anew: unplug the adapter and plug it in again, or all devices are off.`,
});

export const wasReset = (port: string): Text => ({
  fr: `${port} ne réagit plus : l'adaptateur a été réinitialisé par l'USB`,
  en: `${port} does not react any more: the adapter was reset over USB`,
});

export const counted = (point: string, event: CounterEvent): Text =>
  event === "reset"
    ? { fr: `${point} a été remis à zéro`, en: `${point} was reset` }
    : { fr: `${point} est reparti de zéro après sa plus grande valeur`, en: `${point} rolled over` };
