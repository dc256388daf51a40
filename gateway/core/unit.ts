/** A UCUM code (`Cel`, `mm/s`, `/min`), or one of ours where UCUM has none (`var`, `kvarh`). `1` is a bare number. */
export type Unit = string;

/** Spellings found in data sheets, nodes and brokers, each with the UCUM code that it means. */
const spellings: Readonly<Record<string, Unit>> = {
  "": "1",
  "°C": "Cel",
  degC: "Cel",
  C: "Cel",
  celsius: "Cel",
  "°F": "[degF]",
  degF: "[degF]",
  rpm: "/min",
  "tr/min": "/min",
  "1/min": "/min",
  Ω: "Ohm",
  ohm: "Ohm",
  "m³": "m3",
  "m³/h": "m3/h",
  "l/h": "L/h",
  "l/min": "L/min",
  l: "L",
  g: "[g]",
  deg: "deg",
  "°": "deg",
  µm: "um",
  VAR: "var",
  kVArh: "kvarh",
  kvarh: "kvarh",
  ppm: "[ppm]",
  "%RH": "%",
  hour: "h",
};

/** How people write a code; the code itself where it is left out. */
const shown: Readonly<Record<Unit, string>> = {
  "1": "",
  Cel: "°C",
  "[degF]": "°F",
  "/min": "/min",
  Ohm: "Ω",
  m3: "m³",
  "m3/h": "m³/h",
  "[g]": "g",
  deg: "°",
  um: "µm",
  "[ppm]": "ppm",
  By: "o",
  "By/s": "o/s",
};

/** The UCUM code for a unit as somebody wrote it. */
export const ucum = (written: string): Unit => spellings[written.trim()] ?? written.trim();

/** A unit for the eye: `Cel` → `°C`, `1` → nothing. */
export const unitShown = (unit: Unit): string => shown[unit] ?? unit;
