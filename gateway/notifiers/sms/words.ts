import type { Text } from "../../core/text.ts";

/** What is said of a modem, in the log and where a message could not be sent. */

export const ready = (port: string): Text => ({ fr: `modem prêt sur ${port}`, en: `modem ready on ${port}` });

export const noModem = (port: string, why = ""): Text => ({
  fr: `pas de modem sur ${port}${why && ` (${why})`}`,
  en: `no modem on ${port}${why && ` (${why})`}`,
});

export const modemGone = (port: string): Text => ({
  fr: `le modem sur ${port} a disparu`,
  en: `the modem on ${port} is gone`,
});

export const wantsPin: Text = {
  fr: "la carte SIM demande un code PIN : donnez « pin: »",
  en: "the SIM card wants a PIN: give `pin:`",
};

export const pinRefused: Text = {
  fr: "la carte SIM a refusé le code PIN : il n'est pas essayé une seconde fois",
  en: "the SIM card refused the PIN: it is not tried again",
};

export const noNetwork = (minutes: number): Text => ({
  fr: `le modem n'a pas de réseau depuis ${minutes} min : aucun SMS ne part`,
  en: `the modem has had no network for ${minutes} min: no SMS goes out`,
});

export const startedAnew: Text = {
  fr: "le modem n'a pas de réseau et a été redémarré",
  en: "the modem has no network and was started anew",
};

export const unread = (why: Text): Text => ({
  fr: `un SMS reçu n'a pas pu être lu : ${why.fr}`,
  en: `an incoming SMS could not be read: ${why.en}`,
});

export const cameBack: Text = {
  fr: "le SMS hebdomadaire à soi-même est revenu",
  en: "the weekly SMS to itself came back",
};

export const didNotComeBack = (why: Text): Text => ({
  fr: `le SMS hebdomadaire à soi-même a échoué : ${why.fr} ; nouvel essai demain`,
  en: `the weekly SMS to itself failed: ${why.en}; tried again tomorrow`,
});
