import type { Mode } from "../../gateway/drivers/teleinfo/frame.ts";

/** Frames as a meter sends them, with the checksum of the Enedis specification. */
function group(mode: Mode, ...fields: string[]): string {
  const separator = mode === "standard" ? "\t" : " ";
  const body = fields.join(separator) + (mode === "standard" ? separator : "");
  const sum = [...body].reduce((total, char) => total + char.charCodeAt(0), 0);
  return `\n${mode === "standard" ? body : `${body} `}${String.fromCharCode((sum & 0x3f) + 0x20)}\r`;
}

const frame = (mode: Mode, groups: readonly string[][]) =>
  Buffer.from(`\x02${groups.map((fields) => group(mode, ...fields)).join("")}\x03`, "latin1");

export const historique = frame("historique", [
  ["ADCO", "012345678901"],
  ["HCHC", "001065963"],
  ["HCHP", "001521211"],
  ["PTEC", "HC.."],
  ["IINST", "003"],
  ["PAPP", "00730"],
]);
export const standard = frame("standard", [
  ["ADSC", "041876543210"],
  ["DATE", "E260714083015", ""],
  ["EAST", "004815162"],
  ["SMAXSN", "E260714000312", "05210"],
  ["URMS1", "233"],
  ["SINSTS", "01250"],
  ["LTARF", "  HEURE CREUSE  "],
]);
