import type { Text } from "../../core/text.ts";

/** What drivers find wrong in a site file, beyond its shape, in the same words for all of them. */

export const noSuchMachine = (machine: string): Text => ({
  fr: `il n'y a pas de machine « ${machine} »`,
  en: `there is no machine "${machine}"`,
});

export const fedTwice = (point: string): Text => ({
  fr: `${point} est alimenté deux fois`,
  en: `${point} is fed twice`,
});

export const idTwice = (id: string): Text => ({ fr: `l'id ${id} est déjà pris`, en: `the id ${id} is there twice` });

/** A signal whose machine nothing tells. */
export const whichMachine: Text = {
  fr: "dites quelle machine : « machine: » sur l'appareil, ou « as: machine/signal » ici",
  en: "say which machine: `machine:` at the device, or `as: machine/signal` here",
};
