import { sameText, type Text, Told } from "./text.ts";

/** Why there is no number, in words for an electrician. The keys are what readings, MQTT, InfluxDB and the API carry. */
export const faults = {
  timeout: { fr: "ne répond pas", en: "no answer" },
  crc: { fr: "réponse abîmée sur le câble", en: "answer damaged on the wire" },
  garbled: { fr: "réponse qui n'est pas celle attendue", en: "answer that does not fit the question" },
  refused: { fr: "l'appareil refuse cette adresse", en: "the device refuses this address" },
  busy: { fr: "appareil occupé", en: "device busy" },
  device: { fr: "l'appareil signale un défaut", en: "the device reports a fault" },
  port: { fr: "port ou adaptateur absent", en: "port or adapter missing" },
  connection: { fr: "connexion impossible", en: "cannot connect" },
  sensor_open: { fr: "capteur débranché ou fil coupé", en: "sensor unplugged or wire broken" },
  sensor_short: { fr: "capteur en court-circuit", en: "sensor shorted" },
  no_sensor: { fr: "pas de capteur sur cette voie", en: "no sensor on this channel" },
  not_a_number: { fr: "valeur qui n'est pas un nombre", en: "value that is not a number" },
  out_of_range: { fr: "valeur impossible pour ce capteur", en: "value impossible for this sensor" },
  saturated: { fr: "mesure en butée", en: "measurement saturated" },
  stale: { fr: "plus de nouvelles", en: "nothing heard any more" },
  down: { fr: "pilote arrêté", en: "driver stopped" },
  lost: { fr: "perdu avant d'arriver ici", en: "lost before it reached here" },
  buffer_full: { fr: "mémoire tampon pleine", en: "buffer full" },
  gateway_off: { fr: "passerelle éteinte", en: "gateway switched off" },
  stalled: { fr: "passerelle figée", en: "gateway stood still" },
  damaged: { fr: "données abîmées sur le disque", en: "data damaged on disk" },
  clock: { fr: "heure inconnue", en: "time unknown" },
  unknown: { fr: "cause inconnue", en: "unknown cause" },
} as const satisfies Record<string, Text>;

export type FaultCode = keyof typeof faults;

/** `code` as the union, `unknown` for a word that another version may have written. */
export const faultCode = (code: string): FaultCode => (Object.hasOwn(faults, code) ? (code as FaultCode) : "unknown");

/** The one error for the field: thrown where a wire fails, caught once, where it becomes a bad reading. */
export class Fault extends Told {
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string | Text, options?: ErrorOptions) {
    super(typeof message === "string" ? sameText(message) : message, options);
    this.name = "Fault";
    this.code = code;
  }
}
