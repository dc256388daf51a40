import { Fault } from "../../core/fault.ts";
import type { Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";
import type { Question } from "./question.ts";
import type { LineCounts } from "./rtu.ts";

/** Why a question has no answer, from what it met instead. */
export function unheard(unit: number, met: "nothing" | keyof LineCounts, timeout: Ms): Fault {
  if (met === "crc" || met === "cut")
    return new Fault("crc", {
      fr: `esclave ${unit} : réponse abîmée sur le câble`,
      en: `slave ${unit}: answer damaged on the wire`,
    });
  if (met !== "nothing" && met !== "late")
    return new Fault("garbled", {
      fr: `esclave ${unit} : d'autres trames, mais pas de réponse`,
      en: `slave ${unit}: other frames, no answer`,
    });
  const ms = Math.round(timeout);
  return new Fault("timeout", {
    fr: `esclave ${unit} : pas de réponse en ${ms} ms`,
    en: `slave ${unit}: no answer in ${ms} ms`,
  });
}

export const refusalWords = ({ unit, at }: Question, exception: number): Text => ({
  fr: `l'esclave ${unit} refuse l'adresse ${at} (exception ${exception})`,
  en: `slave ${unit} refuses address ${at} (exception ${exception})`,
});

/** Something speaks TCP there, but not Modbus. */
export const notModbus = (): Fault =>
  new Fault("garbled", {
    fr: "ce qui répond n'est pas du Modbus TCP : est-ce la bonne adresse, ou un convertisseur à lire avec rtu+tcp:// ?",
    en: "what answers is no Modbus TCP: is this the right address, or a converter to be read with rtu+tcp://?",
  });
