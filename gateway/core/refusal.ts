import type { Text } from "./text.ts";

/**
 * Why a database takes nothing until somebody puts something right. The number is the value of the gauge `sink_needs_care`: it goes
 * through the log, so that the alarm can say why, on the day itself and when the past is lived again. HTTP's own numbers, and
 * for a certificate the one that web servers use among themselves.
 */
export const refusals = {
  200: {
    why: { fr: "une page web répond à sa place", en: "a web page answers in its place" },
    action: {
      fr: "Corriger url: dans le fichier de site, ou lever la page de connexion qui se met entre les deux",
      en: "Correct url: in the site file, or take away the login page in between",
    },
  },
  400: {
    why: { fr: "elle n'accepte aucune ligne", en: "it accepts no line at all" },
    action: {
      fr: "Vérifier org: et bucket: dans le fichier de site ; le journal cite la réponse du serveur",
      en: "Check org: and bucket: in the site file; the log quotes what the server says",
    },
  },
  401: {
    why: { fr: "le jeton n'est pas accepté", en: "the token is not accepted" },
    action: {
      fr: "Mettre un jeton valable sous token dans le fichier de site : il a pu expirer ou être révoqué",
      en: "Put a valid one under token in the site file: it may have expired or been revoked",
    },
  },
  403: {
    why: { fr: "le jeton n'a pas le droit d'y écrire", en: "the token may not write there" },
    action: {
      fr: "Donner à ce jeton le droit d'écrire dans le bucket, ou corriger bucket: dans le fichier de site",
      en: "Give that token write access to the bucket, or correct bucket: in the site file",
    },
  },
  404: {
    why: { fr: "le bucket n'existe pas", en: "there is no such bucket" },
    action: {
      fr: "Créer le bucket (vigie influx-setup), ou corriger bucket: et org: dans le fichier de site",
      en: "Make the bucket (vigie influx-setup), or correct bucket: and org: in the site file",
    },
  },
  495: {
    why: { fr: "son certificat n'est pas accepté", en: "its certificate is not accepted" },
    action: {
      fr: "Vérifier l'heure de la passerelle et la date du certificat, ou donner l'autorité qui l'a signé (ca: dans le fichier de site)",
      en: "Check the gateway's time and the date of the certificate, or give the authority that signed it (ca: in the site file)",
    },
  },
} as const satisfies Readonly<Record<number, { why: Text; action: Text }>>;

export type Refusal = keyof typeof refusals;

/** Undefined for a number that says no cause. */
export const refusalOf = (code: number): { why: Text; action: Text } | undefined =>
  Object.hasOwn(refusals, code) ? refusals[code as Refusal] : undefined;
